//! search room: the query's text as chips, controls and links. Each of them is another text of the query.
use super::search_url;
use crate::kernel::limits;
use crate::kernel::moment::{DAY, Moment};
use crate::search::analysis::{fold, query_words};
use crate::search::facets::{FACET_MATCHES, Facets};
use crate::search::query::{
    CHARS_MAX, Part, QUALIFIERS_MAX, Qualifier, Query, Sort, Span, State, WORDS_MAX, What, lang_codes, parts,
};
use crate::search::views::{Controls, FacetGroup, FacetRow, Filter};
use crate::web::form::Fields;
use crate::web::i18n::{Arg, translate};
use crate::web::view::{counted, grouped};
use crate::web::views::Choice;

/// Days of "last month" and "last year".
const AGES: [i64; 2] = [30, 365];

/// The beginnings of the stretches of time hits are counted in: of days, so that a link says the same as its count.
pub fn ages(now: Moment) -> [Moment; 2] {
    let today = now.plus(-now.0.rem_euclid(DAY));
    AGES.map(|days| today.plus(-days * DAY))
}

/// A query's text taken apart.
pub struct Typed<'a> {
    parts: Vec<Part<'a>>,
    exact: bool,
}

impl<'a> Typed<'a> {
    pub fn of(text: &'a str, exact: bool) -> Typed<'a> {
        Typed { parts: parts(text).collect(), exact }
    }

    /// The address of this query with another text.
    pub fn url(&self, text: &str) -> String {
        search_url(text, self.exact)
    }

    /// The text of the parts that `keep` keeps, and of those that are `added`.
    fn with(&self, keep: impl Fn(&Part<'_>) -> bool, added: &[String]) -> String {
        let kept = self.parts.iter().filter(|part| keep(part));
        let (open, closed): (Vec<_>, Vec<_>) = kept.partition(|part| matches!(part.what, What::Unclosed(_)));
        let [open, closed] =
            [open, closed].map(|parts| parts.iter().map(|part| part.text).collect::<Vec<_>>());
        let added: Vec<&str> = added.iter().map(String::as_str).collect();
        // Behind a quote without a partner everything is words.
        let text = [closed.as_slice(), &added, &open].concat().join(" ");
        if added.is_empty() || text.chars().count() <= CHARS_MAX {
            return text;
        }
        // What is asked for now is read first where not all of it can be.
        [added.as_slice(), &closed, &open].concat().join(" ")
    }

    pub fn without(&self, gone: impl Fn(&Part<'_>) -> bool) -> String {
        self.with(|part| !gone(part), &[])
    }

    /// The query with `is:solved`, or without it.
    pub fn solved_toggled(&self, on: bool) -> String {
        let keep = |part: &Part<'_>| {
            !matches!(part.what, What::Qualifier(Qualifier::State(State::Solved | State::Unsolved)))
        };
        let added = format!("is:{}", State::Solved.word());
        self.with(keep, if on { &[] } else { std::slice::from_ref(&added) })
    }

    /// The query without what narrows it beside its words; `None` where nothing does, or nothing else is there.
    pub fn unfiltered(&self) -> Option<String> {
        let narrows = |part: &Part<'_>| part.negated || matches!(part.what, What::Qualifier(_));
        let left = self.without(|part| narrows(part) || matches!(part.what, What::Sort(_)));
        Some(left).filter(|left| !left.is_empty() && self.parts.iter().any(narrows))
    }

    /// What is asked, as one would write it in a title: the words and phrases alone.
    pub fn words(&self) -> String {
        let wanted = self.parts.iter().filter(|part| !part.negated);
        let words = wanted.filter_map(|part| match part.what {
            What::Word(text) | What::Phrase(text) | What::Unclosed(text) | What::Unread(_, text) => {
                Some(text.trim())
            }
            What::Qualifier(_) | What::Sort(_) => None,
        });
        words.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// The qualifiers in use; `is:solved` has a button of its own.
    pub fn chips(&self, lang: &str) -> Vec<Filter> {
        let mut seen: Vec<(&Qualifier, bool)> = Vec::new();
        let mut chips = Vec::new();
        for part in &self.parts {
            let What::Qualifier(qualifier) = &part.what else { continue };
            let solved = *qualifier == Qualifier::State(State::Solved) && !part.negated;
            if solved || seen.contains(&(qualifier, part.negated)) {
                continue;
            }
            seen.push((qualifier, part.negated));
            let label = name(lang, qualifier);
            let same = |other: &Part<'_>| other.what == part.what && other.negated == part.negated;
            chips.push(Filter {
                label: match part.negated {
                    true => translate(lang, "search-filter-not", &[("value", Arg::Text(&label))]),
                    false => label,
                },
                remove_url: self.url(&self.without(same)),
            });
        }
        chips
    }

    /// For each part what a control shows of it: a control shows one part, or every tag.
    fn controlled(&self) -> Vec<Option<(Control, String)>> {
        let mut seen = Vec::new();
        let shown = |part: &Part<'_>| {
            let (control, value) = Control::of(part)?;
            if control != Control::Tag && seen.contains(&control) {
                return None;
            }
            seen.push(control);
            Some((control, value))
        };
        self.parts.iter().map(shown).collect()
    }

    pub fn controls(&self, lang: &str, text: &str) -> Controls {
        let mut controls = Controls { q: text.to_owned(), exact: self.exact, ..Controls::default() };
        let mut chosen = String::new();
        for (control, value) in self.controlled().into_iter().flatten() {
            match control {
                Control::State => controls.state = value,
                Control::Sort => controls.sort = value,
                Control::Lang => chosen = value,
                Control::User => controls.user = value,
                Control::Score => controls.score = value,
                Control::Answers => controls.answers = value,
                Control::Tag if controls.tag.is_empty() => controls.tag = value,
                Control::Tag => {
                    controls.tag.push(' ');
                    controls.tag.push_str(&value);
                }
                Control::Created => {
                    let (from, to) = value.split_once("..").unwrap_or_default();
                    controls.from = from.to_owned();
                    controls.to = to.to_owned();
                }
            }
        }
        let choice = |code: &str| Choice {
            value: code.to_owned(),
            label: language(lang, code),
            help: String::new(),
            chosen: chosen == code,
        };
        controls.langs = lang_codes().map(choice).collect();
        controls
    }

    /// The query as the controls of a sent form have it; parts that they do not show stay as they are.
    pub fn composed(&self, form: &Fields) -> String {
        let mut wanted = Control::read(form);
        let mut gone: Vec<&str> = Vec::new();
        for (part, shown) in self.parts.iter().zip(self.controlled()) {
            let Some(shown) = shown else { continue };
            match wanted.iter().position(|other| *other == shown) {
                Some(at) => drop(wanted.remove(at)),
                None => gone.push(part.text),
            }
        }
        let added: Vec<String> = wanted.iter().filter_map(|(control, value)| control.write(value)).collect();
        self.with(|part| !gone.iter().any(|text| std::ptr::eq(*text, part.text)), &added)
    }

    /// Counts as links that add what was counted; what the query says already is not offered again.
    pub fn facets(&self, lang: &str, facets: &Facets, now: Moment) -> Vec<FacetGroup> {
        let said = |is: fn(&Qualifier) -> bool| {
            self.parts
                .iter()
                .any(|part| matches!(&part.what, What::Qualifier(said) if !part.negated && is(said)))
        };
        let row = |label: String, count: u32, added: String| FacetRow {
            label,
            count: format!("{}{}", grouped(i64::from(count)), if facets.more { "+" } else { "" }),
            url: self.url(&self.with(|_| true, &[added])),
        };
        let group = |key: &str, rows: Vec<Option<FacetRow>>| FacetGroup {
            label: translate(lang, key, &[]),
            rows: rows.into_iter().flatten().collect(),
        };
        let some = |count: u32, row: &dyn Fn() -> FacetRow| (count > 0).then(row);
        let mut groups = Vec::new();
        if !said(|said| matches!(said, Qualifier::State(_))) {
            let states = [
                (State::Solved, facets.solved),
                (State::Unsolved, facets.total.saturating_sub(facets.solved)),
                (State::Unanswered, facets.unanswered),
            ];
            let rows = states.map(|(state, count)| {
                some(count, &|| row(state_name(lang, state), count, format!("is:{}", state.word())))
            });
            groups.push(group("search-facet-state", rows.into()));
        }
        let offered = facets.tags.iter().filter(|(tag, _)| {
            let folded = Qualifier::Tag(fold(tag));
            !self.parts.iter().any(|part| matches!(&part.what, What::Qualifier(said) if *said == folded))
        });
        let rows = offered.map(|(tag, count)| Some(row(tag.clone(), *count, format!("tag:{tag}"))));
        groups.push(group("search-facet-tags", rows.collect()));
        if facets.langs.len() > 1 && !said(|said| matches!(said, Qualifier::Lang(_))) {
            let rows = facets
                .langs
                .iter()
                .map(|(code, count)| Some(row(language(lang, code), *count, format!("lang:{code}"))));
            groups.push(group("search-facet-lang", rows.collect()));
        }
        if !said(|said| matches!(said, Qualifier::Created(_))) {
            let [month, year] = ages(now);
            let [of_month, of_year] = facets.since;
            let older = facets.total.saturating_sub(of_year);
            let rows = [
                ("search-facet-month", of_month, format!("created:>={}", month.date())),
                ("search-facet-year", of_year, format!("created:>={}", year.date())),
                ("search-facet-older", older, format!("created:<{}", year.date())),
            ]
            .map(|(key, count, added)| some(count, &|| row(translate(lang, key, &[]), count, added.clone())));
            groups.push(group("search-facet-time", rows.into()));
        }
        groups.retain(|group| !group.rows.is_empty());
        groups
    }
}

/// What is said where the counts stopped before all was counted.
pub fn bounded_note(lang: &str, facets: &Facets) -> Option<String> {
    facets.more.then(|| counted(lang, "search-facets-bounded", i64::from(FACET_MATCHES)))
}

/// The controls of the form beside the hits.
#[derive(Clone, Copy, PartialEq)]
enum Control {
    State,
    Tag,
    User,
    Lang,
    Answers,
    Score,
    Created,
    Sort,
}

impl Control {
    /// The control that shows a part, with its value there.
    fn of(part: &Part<'_>) -> Option<(Control, String)> {
        if part.negated {
            return None;
        }
        let qualifier = match &part.what {
            What::Qualifier(qualifier) => qualifier,
            What::Sort(sort) => return Some((Control::Sort, sort.word().to_owned())),
            _ => return None,
        };
        // A control says "at least".
        let least = |span: &Span| (span.to == i64::MAX).then(|| span.from.to_string());
        Some(match qualifier {
            Qualifier::State(state) => (Control::State, state.word().to_owned()),
            Qualifier::Tag(tag) => (Control::Tag, tag.clone()),
            Qualifier::User(user) => (Control::User, user.clone()),
            Qualifier::Lang(lang) => (Control::Lang, lang.language().code.to_owned()),
            Qualifier::Answers(span) => (Control::Answers, least(span)?),
            Qualifier::Score(span) => (Control::Score, least(span)?),
            Qualifier::Created(span) => (Control::Created, days(span).join("..")),
            Qualifier::Active(_) | Qualifier::Version(_) => return None,
        })
    }

    /// What a sent form says.
    fn read(form: &Fields) -> Vec<(Control, String)> {
        let value = |name: &str| {
            let first = form.get(name).split_whitespace().next().unwrap_or_default();
            first.chars().take(limits::SEARCH_CONTROL_CHARS).collect::<String>()
        };
        let (from, to) = (value("from"), value("to"));
        let created = if from.is_empty() && to.is_empty() { String::new() } else { format!("{from}..{to}") };
        let tags = form.get("tag").split(|c: char| c.is_whitespace() || c == ',');
        let tags = tags.filter(|tag| !tag.is_empty()).take(QUALIFIERS_MAX).map(|tag| {
            let tag: String = tag.chars().take(limits::SEARCH_CONTROL_CHARS).collect();
            (Control::Tag, fold(&tag))
        });
        let mut said = vec![(Control::State, value("state"))];
        said.extend(tags);
        said.extend([
            (Control::User, fold(value("user").trim_start_matches('@'))),
            (Control::Lang, value("lang")),
            (Control::Answers, value("answers")),
            (Control::Score, value("score")),
            (Control::Created, created),
            (Control::Sort, value("sort")),
        ]);
        said.retain(|(_, value)| !value.is_empty());
        said
    }

    /// The part that says it.
    fn write(self, value: &str) -> Option<String> {
        Some(match self {
            Control::State => format!("is:{value}"),
            Control::Tag => format!("tag:{value}"),
            Control::User => format!("user:{value}"),
            Control::Lang => format!("lang:{value}"),
            Control::Answers => format!("answers:>={value}"),
            Control::Score => format!("score:>={value}"),
            Control::Created => format!("created:{value}"),
            Control::Sort if value == Sort::default().word() => return None,
            Control::Sort => format!("sort:{value}"),
        })
    }
}

/// First and last day of a span of time, empty where it has no end.
fn days(span: &Span) -> [String; 2] {
    let first = if span.from == i64::MIN { String::new() } else { Moment(span.from).date() };
    let last = if span.to == i64::MAX { String::new() } else { Moment(span.to - DAY).date() };
    [first, last]
}

fn state_name(lang: &str, state: State) -> String {
    translate(lang, &format!("search-filter-{}", state.word()), &[])
}

/// A language's name; its code where we have no name for it.
fn language(lang: &str, code: &str) -> String {
    let key = format!("search-lang-{code}");
    if crate::web::i18n::has("en", &key) { translate(lang, &key, &[]) } else { code.to_owned() }
}

/// A qualifier as its chip names it.
fn name(lang: &str, qualifier: &Qualifier) -> String {
    let numbers = |span: &Span| [span.from, span.to.saturating_sub(1)].map(|n| n.to_string());
    let (key, value) = match qualifier {
        Qualifier::State(state) => return state_name(lang, *state),
        Qualifier::Tag(tag) => ("search-filter-tag", tag.clone()),
        Qualifier::User(user) => ("search-filter-user", user.clone()),
        Qualifier::Lang(code) => ("search-filter-lang", language(lang, code.language().code)),
        Qualifier::Version(version) => ("search-filter-version", version.clone()),
        Qualifier::Answers(span) => ("search-filter-answers", range(span, numbers(span))),
        Qualifier::Score(span) => ("search-filter-score", range(span, numbers(span))),
        Qualifier::Created(span) => ("search-filter-created", range(span, days(span))),
        Qualifier::Active(span) => ("search-filter-active", range(span, days(span))),
    };
    translate(lang, key, &[("value", Arg::Text(&value))])
}

/// From its first value to its last, in signs every language reads.
fn range(span: &Span, [first, last]: [String; 2]) -> String {
    match (span.from == i64::MIN, span.to == i64::MAX) {
        (false, false) if first == last => first,
        (false, false) => format!("{first} … {last}"),
        (false, true) => format!("≥ {first}"),
        _ => format!("≤ {last}"),
    }
}

/// The text of the query without words that no thread says, if something else is left of it.
pub fn without_unknown(typed: &Typed<'_>, query: &Query, unknown: &[String]) -> Option<String> {
    let all_unknown = |part: &Part<'_>| {
        let (What::Word(text) | What::Unread(_, text)) = part.what else { return false };
        let (words, _) = query_words(text, query.lang, WORDS_MAX);
        !words.is_empty() && words.iter().all(|word| unknown.contains(&word.surface))
    };
    let left = typed.without(|part| !part.negated && all_unknown(part));
    let changed = left != typed.without(|_| false);
    Some(left).filter(|left| changed && !Typed::of(left, false).words().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(text: &str) -> Typed<'_> {
        Typed::of(text, false)
    }

    fn composed(text: &str, form: &str) -> String {
        typed(text).composed(&Fields::parse(form.as_bytes()).unwrap())
    }

    /// The form as a browser sends it when nothing is changed in it.
    fn unchanged(text: &str) -> String {
        let controls = typed(text).controls("en", text);
        let lang = controls.langs.iter().find(|choice| choice.chosen).map_or("", |choice| &choice.value);
        let fields = [
            ("state", controls.state.as_str()),
            ("tag", &controls.tag),
            ("user", &controls.user),
            ("lang", lang),
            ("answers", &controls.answers),
            ("score", &controls.score),
            ("from", &controls.from),
            ("to", &controls.to),
            ("sort", &controls.sort),
        ];
        fields.map(|(name, value)| format!("{name}={}", crate::web::view::encode(value))).join("&")
    }

    #[test]
    fn a_filter_leaves_the_rest_of_the_query_as_it_was() {
        let text = "reset tag:Hub \"tag:hub now\" -user:ann is:solved";
        let hub = What::Qualifier(Qualifier::Tag("hub".into()));
        assert_eq!(typed(text).without(|part| part.what == hub), "reset \"tag:hub now\" -user:ann is:solved");
        let labels: Vec<String> = typed(text).chips("en").into_iter().map(|chip| chip.label).collect();
        assert_eq!(labels, ["Tag: hub", "Not: Asked by ann"]);
        assert_eq!(typed(text).solved_toggled(true), "reset tag:Hub \"tag:hub now\" -user:ann");
        assert_eq!(typed(text).unfiltered().as_deref(), Some("reset \"tag:hub now\""));
        assert_eq!(typed(text).words(), "reset tag:hub now");
        assert_eq!(typed("is:unsolved").solved_toggled(false), "is:solved");
        assert_eq!(typed("is:unsolved").unfiltered(), None);
        assert_eq!(typed("reset \"it now\"").unfiltered(), None);
        assert!(typed("").chips("en").is_empty());
    }

    #[test]
    fn what_is_added_stands_before_a_quote_that_is_never_closed() {
        assert_eq!(typed("a \"never closed").solved_toggled(false), "a is:solved \"never closed");
        assert_eq!(composed("a \"never closed", "state=answered"), "a is:answered \"never closed");
        let long = "word ".repeat(39);
        assert!(
            typed(&long).solved_toggled(false).starts_with("is:solved word"),
            "it stands where it is read"
        );
    }

    #[test]
    fn every_kind_of_qualifier_is_a_chip_that_can_be_taken_away() {
        let text = "-is:solved tag:x -tag:y user:ann answers:0 score:>2 created:2026-01..2026-02 active:<2026 \
            lang:it version:2.4 sort:votes is:official";
        let chips = typed(text).chips("en");
        let labels: Vec<&str> = chips.iter().map(|chip| chip.label.as_str()).collect();
        assert_eq!(
            labels,
            [
                "Not: Solved",
                "Tag: x",
                "Not: Tag: y",
                "Asked by ann",
                "Answers: 0",
                "Votes: ≥ 3",
                "Asked: 2026-01-01 … 2026-02-28",
                "Active: ≤ 2025-12-31",
                "Language: Italian",
                "Version: 2.4",
                "Official answer",
            ]
        );
        assert!(!chips[1].remove_url.contains("tag%3Ax") && chips[1].remove_url.contains("-tag%3Ay"));
        assert!(!chips[2].remove_url.contains("tag%3Ay") && chips[2].remove_url.contains("tag%3Ax"));
    }

    #[test]
    fn controls_write_themselves_into_the_query() {
        let form = "state=solved&tag=router,%20wifi&user=%40Ann&lang=it&answers=2&score=-1&from=2026-01-02&to=\
            &sort=votes";
        let text = "no signal is:solved tag:router tag:wifi user:ann lang:it answers:>=2 score:>=-1 \
            created:2026-01-02.. sort:votes";
        assert_eq!(composed("no signal", form), text);
        assert_eq!(composed(text, form), text, "the same again changes nothing");
        assert_eq!(composed(text, "state=&tag=wifi&sort=best"), "no signal tag:wifi");
        assert_eq!(composed("x answers:0 -tag:a score:<3", "tag=b"), "x answers:0 -tag:a score:<3 tag:b");
        assert_eq!(composed("x created:2026", "from=2026-01-01&to=2026-12-31"), "x created:2026");
        // What is no value is told of by the query's own hints.
        assert_eq!(composed("x", "score=many&state=a%22b"), "x is:a\"b score:>=many");
    }

    #[test]
    fn counts_are_links_that_narrow_and_nothing_is_offered_twice() {
        let facets = Facets {
            total: 12,
            more: true,
            solved: 5,
            unanswered: 0,
            langs: vec![("en".into(), 9), ("it".into(), 3)],
            tags: vec![("hub".into(), 4), ("radio".into(), 2)],
            since: [2, 12],
        };
        let now = Moment::parse("2026-11-26T10:00:00Z").unwrap();
        let shown = |text: &str| {
            let groups = typed(text).facets("en", &facets, now);
            let rows = groups.iter().flat_map(|group| &group.rows);
            rows.map(|row| format!("{} {} {}", row.label, row.count, row.url)).collect::<Vec<_>>()
        };
        let all = shown("x");
        assert_eq!(all.len(), 8, "{all:#?}");
        assert!(all.contains(&"Solved 5+ /search?q=x%20is%3Asolved".to_owned()), "{all:#?}");
        assert!(all.contains(&"Unsolved 7+ /search?q=x%20is%3Aunsolved".to_owned()), "{all:#?}");
        assert!(all.contains(&"hub 4+ /search?q=x%20tag%3Ahub".to_owned()), "{all:#?}");
        assert!(all.contains(&"Italian 3+ /search?q=x%20lang%3Ait".to_owned()), "{all:#?}");
        assert!(all.iter().any(|row| row.ends_with("created%3A%3E%3D2026-10-27")), "{all:#?}");
        let narrow = shown("x is:solved tag:hub lang:it created:2026");
        assert_eq!(
            narrow,
            ["radio 2+ /search?q=x%20is%3Asolved%20tag%3Ahub%20lang%3Ait%20created%3A2026%20tag%3Aradio"]
        );
    }

    #[test]
    fn words_that_nobody_says_are_left_out_only_where_something_else_is_left() {
        let without = |text: &str, unknown: &[&str]| {
            let unknown: Vec<String> = unknown.iter().map(|word| (*word).to_owned()).collect();
            without_unknown(&typed(text), &Query::parse(text).0, &unknown)
        };
        let left = without("router flurb -flurb \"flurb\" is:solved created:flurb", &["flurb", "created"]);
        assert_eq!(left.as_deref(), Some("router -flurb \"flurb\" is:solved"));
        assert_eq!(without("router created:soon", &["created"]), None);
        assert_eq!(without("flurb is:solved", &["flurb"]), None);
    }

    #[test]
    fn every_language_that_can_be_asked_for_has_a_name() {
        for code in lang_codes() {
            assert!(crate::web::i18n::has("en", &format!("search-lang-{code}")), "{code}");
        }
    }

    proptest! {
        #[test]
        fn a_form_sent_as_it_came_changes_no_query(
            pieces in prop::collection::vec(
                "-?(is:solved|is:answered|tag:[a-c]|user:ann|answers:[>.]{0,2}[0-9]|score:(>|<=)?-?[0-9]|lang:it|\
                 created:(>|<=)?20(19|20)(-0[1-9])?|active:2020|version:2|sort:votes|\"a b\"|word)",
                0..8,
            )
        ) {
            let text = pieces.join(" ");
            prop_assert_eq!(composed(&text, &unchanged(&text)), text);
        }
    }
}
