//! tests: the two schemas agree with each other and with what diesel is told.
use crate::ground::{Ground, Which};
use crate::source::repository;
use crate::{postgres, scratch};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use loggia::db::{DbError, Target, migrate};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Name → (class of type, may be NULL).
    pub columns: BTreeMap<String, (String, bool)>,
    pub primary_key: Vec<String>,
    uniques: BTreeSet<Vec<String>>,
    /// Name → (unique, columns, words of its condition).
    indexes: BTreeMap<String, (bool, Vec<String>, Vec<String>)>,
    /// Columns → table.
    references: BTreeSet<(String, String)>,
    /// Words of each CHECK.
    checks: BTreeSet<Vec<String>>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Schema {
    pub tables: BTreeMap<String, Table>,
}

impl Schema {
    fn table(&mut self, name: &str) -> &mut Table {
        self.tables.entry(name.to_owned()).or_default()
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    a: String,
    #[diesel(sql_type = Text)]
    b: String,
    #[diesel(sql_type = Text)]
    c: String,
    #[diesel(sql_type = Text)]
    d: String,
}

/// The names and values of a condition, without what the two databases write differently.
fn words(condition: &str) -> Vec<String> {
    let plain = condition.replace("::text", "").replace("::integer", "").replace("::smallint", "");
    plain
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-' && c != '<' && c != '>')
        .map(str::to_ascii_lowercase)
        .filter(|word| !matches!(word.as_str(), "" | "any" | "array" | "in" | "check"))
        .collect()
}

/// The text inside the parenthesis that opens at the start of `text`.
fn parenthesised(text: &str) -> &str {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[1..at];
        }
    }
    text
}

fn split(list: &str) -> Vec<String> {
    list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn of_sqlite(target: &Target) -> Schema {
    let Target::Sqlite(path) = target else { unreachable!() };
    let mut conn = diesel::SqliteConnection::establish(&path.to_string_lossy()).unwrap();
    let mut load = |sql: &str| diesel::sql_query(sql).load::<Row>(&mut conn).unwrap();
    const TABLES: &str = "sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                          AND m.name NOT LIKE '\\_\\_diesel%' ESCAPE '\\'";
    let mut schema = Schema::default();
    for table in load(&format!("SELECT m.name AS a, m.sql AS b, '' AS c, '' AS d FROM {TABLES}")) {
        let found = schema.table(&table.a);
        for (at, _) in table.b.match_indices("CHECK (") {
            found.checks.insert(words(parenthesised(&table.b[at + "CHECK ".len()..])));
        }
        let name = &table.a;
        let mut keys = BTreeMap::new();
        for column in load(&format!(
            "SELECT name AS a, type AS b, CAST(\"notnull\" AS TEXT) AS c, CAST(pk AS TEXT) AS d \
             FROM pragma_table_info('{name}')"
        )) {
            let key: usize = column.d.parse().unwrap();
            // SQLite's own row id is written INTEGER and holds 64 bits.
            let class = match column.b.as_str() {
                "INTEGER" if key == 1 && table.b.contains("AUTOINCREMENT") => "BIGINT",
                other => other,
            };
            found.columns.insert(column.a.clone(), (class.to_lowercase(), column.c == "0" && key == 0));
            if key > 0 {
                keys.insert(key, column.a);
            }
        }
        found.primary_key = keys.into_values().collect();
        for index in load(&format!(
            "SELECT l.name AS a, l.origin AS b, CAST(l.\"unique\" AS TEXT) AS c, COALESCE(m.sql, '') AS d \
             FROM pragma_index_list('{name}') l LEFT JOIN sqlite_master m ON m.type = 'index' AND m.name = l.name"
        )) {
            let columns: Vec<String> = load(&format!(
                "SELECT name AS a, '' AS b, '' AS c, '' AS d FROM pragma_index_info('{}') ORDER BY seqno",
                index.a
            ))
            .into_iter()
            .map(|row| row.a)
            .collect();
            match index.b.as_str() {
                "pk" => {}
                "u" => {
                    found.uniques.insert(columns);
                }
                _ => {
                    let condition = index.d.split_once(" WHERE ").map_or("", |(_, condition)| condition);
                    found.indexes.insert(index.a, (index.c == "1", columns, words(condition)));
                }
            }
        }
        for key in load(&format!(
            "SELECT \"from\" AS a, \"table\" AS b, '' AS c, '' AS d FROM pragma_foreign_key_list('{name}')"
        )) {
            found.references.insert((key.a, key.b));
        }
    }
    schema
}

fn of_postgres(database: &postgres::Database) -> Schema {
    let mut conn = database.connect();
    let mut load = |sql: &str| diesel::sql_query(sql).load::<Row>(&mut conn).unwrap();
    const OURS: &str = "n.nspname = 'public' AND t.relname NOT LIKE '\\_\\_diesel%'";
    let mut schema = Schema::default();
    for column in load(
        "SELECT table_name::text AS a, column_name::text AS b, data_type::text AS c, is_nullable::text AS d \
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%'",
    ) {
        schema.table(&column.a).columns.insert(column.b, (column.c, column.d == "YES"));
    }
    for constraint in load(&format!(
        "SELECT t.relname::text AS a, c.contype::text AS b, \
           CASE c.contype WHEN 'c' THEN pg_get_constraintdef(c.oid) ELSE \
             (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY k (number, place) \
              JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number) END AS c, \
           COALESCE(r.relname::text, '') AS d \
         FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
         LEFT JOIN pg_class r ON r.oid = c.confrelid WHERE {OURS} AND c.contype IN ('p', 'u', 'f', 'c')"
    )) {
        let table = schema.table(&constraint.a);
        match constraint.b.as_str() {
            "p" => table.primary_key = split(&constraint.c),
            "u" => drop(table.uniques.insert(split(&constraint.c))),
            "f" => drop(table.references.insert((constraint.c, constraint.d))),
            _ => drop(table.checks.insert(words(&constraint.c))),
        }
    }
    for index in load(&format!(
        "SELECT t.relname::text AS a, i.relname::text || ' ' || x.indisunique::text AS b, \
           (SELECT string_agg(pg_get_indexdef(x.indexrelid, k, true), ',' ORDER BY k) \
            FROM generate_series(1, x.indnkeyatts) k) AS c, \
           COALESCE(pg_get_expr(x.indpred, x.indrelid), '') AS d \
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
         JOIN pg_namespace n ON n.oid = t.relnamespace \
         WHERE {OURS} AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid AND c.contype IN ('p', 'u'))"
    )) {
        let (name, unique) = index.b.split_once(' ').unwrap();
        let found = (unique == "true", split(&index.c), words(&index.d));
        schema.table(&index.a).indexes.insert(name.to_owned(), found);
    }
    schema
}

/// What `src/db/schema.rs` tells diesel: columns and primary keys.
pub fn declared(text: &str) -> Schema {
    let (code, _) = crate::source::code_of(text);
    let mut schema = Schema::default();
    for part in code.split("table! {").skip(1) {
        let (head, body) = part.split_once('{').unwrap();
        let (name, keys) = head.split_once('(').unwrap();
        let table = schema.table(name.trim());
        table.primary_key =
            keys.trim().trim_end_matches(')').split(',').map(|key| key.trim().to_owned()).collect();
        for line in body.split('}').next().unwrap().split(',') {
            let Some((column, class)) = line.split_once("->") else { continue };
            let class = class.trim();
            let nullable = class.starts_with("Nullable<");
            let class = match class.trim_start_matches("Nullable<").trim_end_matches('>') {
                "BigInt" => "bigint",
                "Integer" => "integer",
                "SmallInt" => "smallint",
                "Bool" => "boolean",
                "Text" => "text",
                other => other,
            };
            table.columns.insert(column.trim().to_owned(), (class.to_owned(), nullable));
        }
    }
    schema
}

/// Tells one table after the other apart, so that a failure can be read.
#[track_caller]
fn same(a: &Schema, b: &Schema) {
    let names = |schema: &Schema| schema.tables.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(a), names(b));
    for (name, table) in &a.tables {
        assert_eq!(table, &b.tables[name], "the table {name}");
    }
}

#[test]
fn both_databases_have_the_same_tables_columns_keys_and_indexes() {
    let sqlite = Ground::lay(Which::Sqlite).unwrap();
    let Some(database) = postgres::migrated() else { return };
    let (sqlite, postgres) = (of_sqlite(&sqlite.target), of_postgres(&database));
    assert!(sqlite.tables.len() > 20 && sqlite.tables["flags"].checks.len() == 2);
    assert_eq!(sqlite.tables["cases"].indexes["cases_one_open"].2, ["state", "open", "taken"]);
    same(&sqlite, &postgres);
}

#[test]
fn diesel_is_told_what_the_database_has() {
    let told = declared(&fs::read_to_string(repository().join("src/db/schema.rs")).unwrap());
    let mut found = of_sqlite(&Ground::lay(Which::Sqlite).unwrap().target);
    for table in found.tables.values_mut() {
        (table.uniques, table.indexes) = Default::default();
        (table.references, table.checks) = Default::default();
    }
    same(&told, &found);
}

#[test]
fn every_reference_and_unique_name_is_found_by_an_index_that_begins_with_it() {
    // Without one, deleting or checking a row reads the whole other table. These are never deleted from
    // and never searched by.
    const NEVER_SEARCHED: &[&str] = &["users", "posts"];
    let schema = of_sqlite(&Ground::lay(Which::Sqlite).unwrap().target);
    let mut missing = Vec::new();
    for (name, table) in &schema.tables {
        for (column, other) in &table.references {
            let begins = |columns: &Vec<String>| columns.first() == Some(column);
            let indexed = begins(&table.primary_key)
                || table.uniques.iter().any(begins)
                || table.indexes.values().any(|(_, columns, _)| begins(columns));
            if !indexed && !NEVER_SEARCHED.contains(&other.as_str()) {
                missing.push(format!("{name}.{column} → {other}"));
            }
        }
    }
    // A notice is found by its person; its thread is only shown.
    missing.retain(|line| line != "notices.thread_id → threads");
    assert_eq!(missing, [] as [&str; 0]);
}

#[test]
fn both_databases_have_migrations_of_the_same_names() {
    let names = |kind: &str| -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(repository().join("migrations").join(kind))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

fn empty_target(which: Which) -> Option<(Target, Option<postgres::Database>)> {
    match which {
        Which::Sqlite => Some((Target::Sqlite(scratch::folder("empty").join("loggia.sqlite")), None)),
        Which::Postgres => postgres::empty().map(|database| (database.target(), Some(database))),
    }
}

fn execute(target: &Target, sql: &str) {
    target.connect(loggia::db::Access::Write).unwrap().batch_execute(sql).unwrap();
}

fn migrating_twice_changes_nothing(which: Which) {
    let Some((target, _database)) = empty_target(which) else { return };
    assert!(migrate(&target).unwrap() > 0);
    assert_eq!(migrate(&target).unwrap(), 0);
}

fn a_newer_schema_is_refused_and_left_alone(which: Which) {
    let Some((target, _database)) = empty_target(which) else { return };
    migrate(&target).unwrap();
    execute(&target, "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000001')");
    let answer = migrate(&target);
    assert!(matches!(answer, Err(DbError::Newer(_))), "{answer:?}");
    execute(&target, "DELETE FROM __diesel_schema_migrations WHERE version = '29990101000001'");
    assert_eq!(migrate(&target).unwrap(), 0);
}

fn nodes_that_start_together_migrate_once(which: Which) {
    let Some((target, _database)) = empty_target(which) else { return };
    let done: usize = std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate(&target).unwrap())).collect();
        nodes.into_iter().map(|node| node.join().unwrap()).sum()
    });
    assert_eq!(done, fs::read_dir(repository().join("migrations/sqlite")).unwrap().count());
}

fn migrations_can_be_taken_back_and_made_again(which: Which) {
    let Some((target, database)) = empty_target(which) else { return };
    migrate(&target).unwrap();
    let left = match (&target, &database) {
        (Target::Sqlite(path), _) => {
            let folder = FileBasedMigrations::from_path(repository().join("migrations/sqlite")).unwrap();
            let mut conn = diesel::SqliteConnection::establish(&path.to_string_lossy()).unwrap();
            conn.revert_all_migrations(folder).unwrap();
            of_sqlite(&target)
        }
        (_, database) => {
            let database = database.as_ref().unwrap();
            let folder = FileBasedMigrations::from_path(repository().join("migrations/postgres")).unwrap();
            database.connect().revert_all_migrations(folder).unwrap();
            of_postgres(database)
        }
    };
    assert_eq!(left, Schema::default());
    assert!(migrate(&target).unwrap() > 0);
}

/// The same test of migrating on both.
macro_rules! migrating {
    ($($name:ident),*) => {$(
        mod $name {
            #[test]
            fn on_sqlite() {
                super::$name(super::Which::Sqlite);
            }
            #[test]
            fn on_postgres() {
                super::$name(super::Which::Postgres);
            }
        }
    )*};
}

migrating!(
    migrating_twice_changes_nothing,
    a_newer_schema_is_refused_and_left_alone,
    nodes_that_start_together_migrate_once,
    migrations_can_be_taken_back_and_made_again
);
