//! What a query's qualifiers ask of a thread, and the orders it can be sorted in.
//!
//! A state, tag, asker, language or version is an exact term of the index. Numbers and dates are looked up in fast
//! columns, document by document, for those that the words have found already: one look costs nanoseconds, while
//! tantivy's range queries would walk the whole column for the few documents that match, and a clause of theirs beside
//! the words would keep it from skipping what cannot reach the page.

use std::sync::Arc;

use tantivy::columnar::ColumnValues;
use tantivy::query::{ConstScoreQuery, Query as Matching, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, SegmentReader, Term};

use super::document::{
    ACTIVE_AT, ANSWER_COUNT, CREATED_AT, Fields, SIGNALS, lang_fact, state_fact, tag_fact, user_fact,
    version_fact,
};
use super::query::{Qualifier, Query, Sort, Span};
use super::ranking::Signals;

/// The exact term a qualifier asks for, if it asks for one; it adds nothing to a score.
pub(super) fn exact(fields: Fields, qualifier: &Qualifier) -> Option<Box<dyn Matching>> {
    let fact = match qualifier {
        Qualifier::State(state) => state_fact(*state),
        Qualifier::Tag(tag) => tag_fact(tag),
        Qualifier::User(user) => user_fact(user),
        Qualifier::Lang(lang) => lang_fact(*lang),
        Qualifier::Version(version) => version_fact(version),
        Qualifier::Answers(_) | Qualifier::Score(_) | Qualifier::Created(_) | Qualifier::Active(_) => {
            return None;
        }
    };
    let term = TermQuery::new(Term::from_field_text(fields.facts, &fact), IndexRecordOption::Basic);
    Some(Box::new(ConstScoreQuery::new(Box::new(term), 0.0)))
}

/// A column, the values of it that are asked for, and whether they are wanted or unwanted.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    column: Column,
    span: Span,
    wanted: bool,
}

#[derive(Clone, Copy)]
enum Column {
    Answers,
    Votes,
    Created,
    Active,
}

/// The ranges of a query, those it does not want among them.
pub(super) fn ranges(query: &Query) -> Vec<Wanted> {
    let range = |qualifier: &Qualifier, wanted: bool| {
        let (column, span) = match qualifier {
            Qualifier::Answers(span) => (Column::Answers, *span),
            Qualifier::Score(span) => (Column::Votes, *span),
            Qualifier::Created(span) => (Column::Created, *span),
            Qualifier::Active(span) => (Column::Active, *span),
            _ => return None,
        };
        Some(Wanted { column, span, wanted })
    };
    let wanted = query.wanted.iter().filter_map(|qualifier| range(qualifier, true));
    wanted.chain(query.unwanted.iter().filter_map(|qualifier| range(qualifier, false))).collect()
}

/// The values of one column in one segment.
enum Values {
    Plain(Arc<dyn ColumnValues<i64>>),
    /// Votes are packed with what else goes into the ranking.
    Votes(Arc<dyn ColumnValues<u64>>),
}

impl Values {
    fn of(segment: &SegmentReader, column: Column) -> tantivy::Result<Values> {
        let name = match column {
            Column::Answers => ANSWER_COUNT,
            Column::Created => CREATED_AT,
            Column::Active => ACTIVE_AT,
            Column::Votes => {
                return Ok(Values::Votes(segment.fast_fields().column_first_or_default(SIGNALS)?));
            }
        };
        Ok(Values::Plain(segment.fast_fields().column_first_or_default(name)?))
    }

    fn get(&self, doc: DocId) -> i64 {
        match self {
            Values::Plain(values) => values.get_val(doc),
            Values::Votes(values) => Signals::unpack(values.get_val(doc)).votes,
        }
    }
}

/// The ranges of a query in one segment.
pub(super) struct Ranges(Vec<(Values, Span, bool)>);

impl Ranges {
    pub(super) fn of(segment: &SegmentReader, wanted: &[Wanted]) -> tantivy::Result<Ranges> {
        let open = |each: &Wanted| Ok((Values::of(segment, each.column)?, each.span, each.wanted));
        wanted.iter().map(open).collect::<tantivy::Result<_>>().map(Ranges)
    }

    /// Whether a document is as the query asks.
    pub(super) fn hold(&self, doc: DocId) -> bool {
        self.0.iter().all(|(values, span, wanted)| span.holds(values.get(doc)) == *wanted)
    }
}

/// An order by a column, largest first.
#[derive(Clone, Copy)]
pub(super) struct Order(Column);

impl Order {
    /// The best of a query without words are the last active.
    pub(super) fn of(sort: Sort) -> Order {
        Order(match sort {
            Sort::Best | Sort::Active => Column::Active,
            Sort::Newest => Column::Created,
            Sort::Votes => Column::Votes,
        })
    }

    pub(super) fn keys(self, segment: &SegmentReader) -> tantivy::Result<Keys> {
        Values::of(segment, self.0).map(Keys)
    }
}

/// What documents of one segment are sorted by.
pub(super) struct Keys(Values);

impl Keys {
    /// Sorts as the values do, the negative ones too.
    pub(super) fn key(&self, doc: DocId) -> u64 {
        (self.0.get(doc) as u64) ^ 1 << 63
    }
}
