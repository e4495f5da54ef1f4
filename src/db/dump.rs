//! db room: whole tables as JSON, row by row, out of either database and into either.
//!
//! A row is a JSON array of its columns' values in the order of the schema: integers, booleans,
//! texts and null look the same whichever database wrote them.
use super::{Conn, DbError, DbResult, MigrationNames, POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS, Target};
use crate::db::Access;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_migrations::MigrationHarness;

/// Rows fetched from PostgreSQL at once.
const FETCH: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Integer,
    Boolean,
    Text,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// One table of ours, as it is in the database.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    /// In the schema's order.
    pub columns: Vec<Column>,
    /// Columns of the primary key, in its order.
    key: Vec<String>,
    /// The column whose values the database counts itself.
    counted: Option<String>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Nullable<BigInt>)]
    n: Option<i64>,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    /// Place in the primary key, from 1; 0 outside it.
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = BigInt)]
    counted: i64,
}

fn lines(conn: &mut Conn, sql: &str) -> DbResult<Vec<String>> {
    let rows: Vec<Line> = diesel::sql_query(sql).load(conn)?;
    Ok(rows.into_iter().map(|row| row.line).collect())
}

fn number(conn: &mut Conn, sql: String) -> DbResult<Option<i64>> {
    let row: Option<Number> = diesel::sql_query(sql).get_result(conn).optional()?;
    Ok(row.and_then(|row| row.n))
}

/// Migrations this program knows, oldest first.
pub fn known(target: &Target) -> DbResult<Vec<String>> {
    let mut names = match target {
        Target::Sqlite(_) => SQLITE_MIGRATIONS.names()?,
        Target::Postgres(_) => POSTGRES_MIGRATIONS.names()?,
    };
    names.sort();
    Ok(names)
}

/// Migrations the database has, oldest first; writes nothing.
pub fn applied(conn: &mut Conn) -> DbResult<Vec<String>> {
    let table = match conn {
        Conn::Sqlite(_) => {
            "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'"
        }
        Conn::Postgres(_) => {
            "SELECT tablename::text AS line FROM pg_tables \
             WHERE schemaname = current_schema() AND tablename = '__diesel_schema_migrations'"
        }
    };
    if lines(conn, table)?.is_empty() {
        return Ok(Vec::new());
    }
    lines(conn, "SELECT version AS line FROM __diesel_schema_migrations ORDER BY version")
}

/// How many migrations the database lacks. `Newer` when it has one this program does not know.
pub fn pending(target: &Target) -> DbResult<usize> {
    if let Target::Sqlite(path) = target
        && !path.exists()
    {
        return Ok(known(target)?.len());
    }
    let applied = applied(&mut target.connect(Access::Read)?)?;
    let known = known(target)?;
    if let Some(version) = applied.iter().find(|version| !known.contains(version)) {
        return Err(DbError::Newer(format!(
            "it has migration {version}; start the Loggia that made it, or a newer one"
        )));
    }
    Ok(known.len().saturating_sub(applied.len()))
}

/// Runs migrations up to and with `last`, one after the other.
pub fn migrate_to(target: &Target, last: &str) -> DbResult<()> {
    let mut conn = target.connect(Access::Write)?;
    conn.without_time_limits()?;
    let refused = |e: Box<dyn std::error::Error + Send + Sync>| DbError::Refused(e.to_string());
    loop {
        let newest = applied(&mut conn)?.pop();
        if newest.is_some_and(|newest| newest.as_str() >= last) {
            return Ok(());
        }
        match &mut conn {
            Conn::Sqlite(conn) => drop(conn.run_next_migration(SQLITE_MIGRATIONS).map_err(refused)?),
            Conn::Postgres(conn) => drop(conn.run_next_migration(POSTGRES_MIGRATIONS).map_err(refused)?),
        }
    }
}

/// Every table but the migrations' own, by name.
pub fn tables(conn: &mut Conn) -> DbResult<Vec<Table>> {
    let names = match conn {
        Conn::Sqlite(_) => lines(
            conn,
            "SELECT name AS line FROM sqlite_master WHERE type = 'table' \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '__diesel_schema_migrations' ORDER BY name",
        )?,
        Conn::Postgres(_) => lines(
            conn,
            "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = current_schema() \
             AND tablename <> '__diesel_schema_migrations' ORDER BY tablename COLLATE \"C\"",
        )?,
    };
    names.into_iter().map(|name| table(conn, name)).collect()
}

fn table(conn: &mut Conn, name: String) -> DbResult<Table> {
    let sql = match conn {
        Conn::Sqlite(_) => {
            "SELECT c.name AS name, lower(c.type) AS kind, c.pk AS place, \
             (c.pk = 1 AND m.sql LIKE '%AUTOINCREMENT%') AS counted \
             FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name = ? ORDER BY c.cid"
        }
        Conn::Postgres(_) => {
            "SELECT c.column_name::text AS name, c.data_type::text AS kind, \
             coalesce(k.ordinal_position, 0)::bigint AS place, (c.is_identity = 'YES')::int::bigint AS counted \
             FROM information_schema.columns c \
             LEFT JOIN information_schema.table_constraints t ON t.table_schema = c.table_schema \
               AND t.table_name = c.table_name AND t.constraint_type = 'PRIMARY KEY' \
             LEFT JOIN information_schema.key_column_usage k ON k.constraint_schema = t.constraint_schema \
               AND k.constraint_name = t.constraint_name AND k.table_name = t.table_name \
               AND k.column_name = c.column_name \
             WHERE c.table_schema = current_schema() AND c.table_name = $1 ORDER BY c.ordinal_position"
        }
    };
    let rows: Vec<ColumnRow> = diesel::sql_query(sql).bind::<Text, _>(&name).load(conn)?;
    let mut key: Vec<(i64, String)> = Vec::new();
    let (mut columns, mut counted) = (Vec::new(), None);
    for row in rows {
        let kind = match row.kind.as_str() {
            "integer" | "bigint" | "smallint" => Kind::Integer,
            "boolean" => Kind::Boolean,
            "text" => Kind::Text,
            other => {
                return Err(DbError::Refused(format!(
                    "column {} of {name} has the type {other}, which no backup holds",
                    row.name
                )));
            }
        };
        if row.place > 0 {
            key.push((row.place, row.name.clone()));
        }
        if row.counted == 1 {
            counted = Some(row.name.clone());
        }
        columns.push(Column { name: row.name, kind });
    }
    key.sort();
    if key.is_empty() {
        return Err(DbError::Refused(format!("table {name} has no primary key, so its rows have no order")));
    }
    Ok(Table { name, columns, key: key.into_iter().map(|(_, column)| column).collect(), counted })
}

/// Hands every row to `each`, in the order of the primary key. Constant memory on both databases;
/// the caller has begun a snapshot.
pub fn read<E: From<DbError>>(
    conn: &mut Conn,
    table: &Table,
    mut each: impl FnMut(String) -> Result<(), E>,
) -> Result<(), E> {
    let kind_of = |name: &str| table.columns.iter().find(|c| c.name == name).map(|c| c.kind);
    match conn {
        Conn::Sqlite(conn) => {
            let values = joined(table.columns.iter().map(|Column { name, kind }| match kind {
                Kind::Boolean => {
                    format!("json(CASE \"{name}\" WHEN 0 THEN 'false' WHEN 1 THEN 'true' ELSE 'null' END)")
                }
                Kind::Integer | Kind::Text => format!("\"{name}\""),
            }));
            let order = joined(table.key.iter().map(|name| format!("\"{name}\"")));
            let query =
                format!("SELECT json_array({values}) AS line FROM \"{}\" ORDER BY {order}", table.name);
            let rows = diesel::sql_query(query)
                .load_iter::<Line, diesel::connection::DefaultLoadingMode>(conn)
                .map_err(DbError::from)?;
            for row in rows {
                each(row.map_err(DbError::from)?.line)?;
            }
        }
        Conn::Postgres(conn) => {
            use diesel::connection::SimpleConnection;
            let values = joined(table.columns.iter().map(|column| format!("\"{}\"", column.name)));
            // The order of bytes, as in SQLite, whatever the database's collation.
            let order = joined(table.key.iter().map(|name| match kind_of(name) {
                Some(Kind::Text) => format!("\"{name}\" COLLATE \"C\""),
                _ => format!("\"{name}\""),
            }));
            conn.batch_execute(&format!(
                "DECLARE backup_rows NO SCROLL CURSOR FOR \
                 SELECT json_build_array({values})::text AS line FROM \"{}\" ORDER BY {order}",
                table.name
            ))
            .map_err(DbError::from)?;
            loop {
                let rows: Vec<Line> = diesel::sql_query(format!("FETCH {FETCH} FROM backup_rows"))
                    .load(conn)
                    .map_err(DbError::from)?;
                let last = rows.len() < FETCH;
                for row in rows {
                    each(row.line)?;
                }
                if last {
                    break;
                }
            }
            conn.batch_execute("CLOSE backup_rows").map_err(DbError::from)?;
        }
    }
    Ok(())
}

/// The last number the database counted for this table, so that no id is ever given twice.
pub fn counter(conn: &mut Conn, table: &Table) -> DbResult<Option<i64>> {
    let Some(column) = &table.counted else { return Ok(None) };
    let sql = match conn {
        // 0 stands where rows were to come and none did.
        Conn::Sqlite(_) => {
            format!("SELECT seq AS n FROM sqlite_sequence WHERE name = '{}' AND seq > 0", table.name)
        }
        Conn::Postgres(_) => format!(
            "SELECT pg_sequence_last_value(pg_get_serial_sequence('\"{}\"', '{column}')::regclass) AS n",
            table.name
        ),
    };
    number(conn, sql)
}

/// Whether the table has no row.
pub fn is_empty(conn: &mut Conn, table: &Table) -> DbResult<bool> {
    Ok(number(conn, format!("SELECT CAST(1 AS BIGINT) AS n FROM \"{}\" LIMIT 1", table.name))?.is_none())
}

pub fn clear(conn: &mut Conn, table: &Table) -> DbResult<()> {
    conn.sql(&format!("DELETE FROM \"{}\"", table.name))
}

/// A write transaction into which rows come table by table, whatever refers to what. References are
/// checked by [`Load::commit`], once and for all.
pub struct Load {
    conn: Conn,
    /// Statements that put PostgreSQL's references back.
    references: Vec<String>,
}

impl Load {
    pub fn begin(target: &Target) -> DbResult<Load> {
        let mut conn = target.connect(Access::Write)?;
        conn.without_time_limits()?;
        if conn.is_sqlite() {
            // Has no effect inside a transaction.
            conn.sql("PRAGMA foreign_keys = OFF; PRAGMA cache_size = -65536;")?;
        }
        conn.begin_write()?;
        Ok(Load { conn, references: Vec::new() })
    }

    pub fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Lets references go until the commit. PostgreSQL lets a table's owner drop and remake them;
    /// to merely switch them off it wants a superuser.
    pub fn free_references(&mut self) -> DbResult<()> {
        if self.conn.is_sqlite() {
            return Ok(());
        }
        #[derive(QueryableByName)]
        struct Reference {
            #[diesel(sql_type = Text)]
            of: String,
            #[diesel(sql_type = Text)]
            name: String,
            #[diesel(sql_type = Text)]
            definition: String,
        }
        let found: Vec<Reference> = diesel::sql_query(
            "SELECT conrelid::regclass::text AS of, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition \
             FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY 1, 2",
        )
        .load(&mut self.conn)?;
        for Reference { of, name, definition } in found {
            self.conn.sql(&format!("ALTER TABLE {of} DROP CONSTRAINT {name}"))?;
            self.references.push(format!("ALTER TABLE {of} ADD CONSTRAINT {name} {definition}"));
        }
        Ok(())
    }

    /// Inserts rows, given as one JSON array of rows whose values stand in the order of `columns`.
    pub fn insert(&mut self, table: &Table, columns: &[String], rows: &str) -> DbResult<()> {
        let kinds: Vec<(&String, Kind)> = columns
            .iter()
            .map(|name| {
                let known = table.columns.iter().find(|column| column.name == *name);
                known
                    .map(|column| (name, column.kind))
                    .ok_or_else(|| DbError::Refused(format!("table {} has no column {name}", table.name)))
            })
            .collect::<DbResult<_>>()?;
        let names = joined(columns.iter().map(|name| format!("\"{name}\"")));
        match &mut self.conn {
            Conn::Sqlite(conn) => {
                let values = joined((0..kinds.len()).map(|at| format!("r.value ->> {at}")));
                let query =
                    format!("INSERT INTO \"{}\" ({names}) SELECT {values} FROM json_each(?) r", table.name);
                diesel::sql_query(query).bind::<Text, _>(rows).execute(conn)?;
            }
            Conn::Postgres(conn) => {
                let values = joined(kinds.iter().enumerate().map(|(at, (_, kind))| match kind {
                    Kind::Integer => format!("(r.value ->> {at})::bigint"),
                    Kind::Boolean => format!("(r.value ->> {at})::boolean"),
                    Kind::Text => format!("r.value ->> {at}"),
                }));
                let query = format!(
                    "INSERT INTO \"{}\" ({names}) SELECT {values} FROM jsonb_array_elements($1::jsonb) AS r (value)",
                    table.name
                );
                diesel::sql_query(query).bind::<Text, _>(rows).execute(conn)?;
            }
        }
        Ok(())
    }

    /// Makes the database count on from `last`.
    pub fn count_from(&mut self, table: &Table, last: i64) -> DbResult<()> {
        let Some(column) = &table.counted else { return Ok(()) };
        let name = &table.name;
        match self.conn {
            Conn::Sqlite(_) => self.conn.sql(&format!(
                "DELETE FROM sqlite_sequence WHERE name = '{name}'; \
                 INSERT INTO sqlite_sequence (name, seq) VALUES ('{name}', {last})"
            )),
            Conn::Postgres(_) => self
                .conn
                .sql(&format!("SELECT setval(pg_get_serial_sequence('\"{name}\"', '{column}'), {last})")),
        }
    }

    /// Checks that everything referred to is there, and commits.
    pub fn commit(mut self) -> DbResult<()> {
        for statement in std::mem::take(&mut self.references) {
            self.conn.sql(&statement)?;
        }
        if let Some(broken) = broken_references(&mut self.conn)? {
            return Err(DbError::Constraint(broken));
        }
        self.conn.sql("COMMIT")?;
        let analyse =
            if self.conn.is_sqlite() { "PRAGMA analysis_limit = 1000; ANALYZE;" } else { "ANALYZE" };
        self.conn.sql(analyse)
    }
}

/// The first row that refers to one that is not there. PostgreSQL never has one.
pub fn broken_references(conn: &mut Conn) -> DbResult<Option<String>> {
    if !conn.is_sqlite() {
        return Ok(None);
    }
    let query = "SELECT \"table\" || ' row ' || coalesce(rowid, '?') || ' refers to a row of ' || parent \
                 || ' that is not there' AS line FROM pragma_foreign_key_check LIMIT 1";
    Ok(lines(conn, query)?.pop())
}

/// What the database says of its own file; empty when all is well. PostgreSQL looks after itself.
pub fn damage(conn: &mut Conn) -> DbResult<Vec<String>> {
    if !conn.is_sqlite() {
        return Ok(Vec::new());
    }
    let mut said = lines(conn, "SELECT quick_check AS line FROM pragma_quick_check")?;
    said.retain(|line| line != "ok");
    Ok(said)
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
