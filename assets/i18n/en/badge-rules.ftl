### The rules of badges, as the community manager edits them.
admin-badges = Badges
badge-rules-lead = What there is to earn, as data. Try the rules first: you see who would gain and who would lose. Earlier versions stay readable, and every award says which version gave it.
badge-rules-text = The rules, as TOML
badge-rules-help = What may stand in them is told at the top of the first rules, below.
badge-rules-try = Check, and show what would change
badge-rules-activate = Put in force
badge-rules-action = Try the rules, or put them in force.
badge-rules-tried = What would change
badge-rules-took = Looked at { $people ->
    [one] one person
   *[other] { $people } people
 } in { $ms } ms; putting the rules in force takes about as long.
badge-rules-everybody = “{ $name }” would go to nine in ten or more: it tells nobody apart. Ask for more, or mark it as starter = true.
badge-rules-badge = Badge
badge-rules-now = Awards now
badge-rules-then = Then
badge-rules-gained = Gain it
badge-rules-lost = Lose it
badge-rules-levelled = Other level
badge-rules-gone = no longer given
badge-rules-versions = Versions
badge-rules-version = Version { $n }
badge-rules-first = The first rules
badge-rules-in-force = in force
badge-rules-count = { $n ->
    [one] One badge in force
   *[other] { $n } badges in force
}
badge-rules-overtaken = Somebody put other rules in force meanwhile. Compare yours with theirs; put in force now, yours take their place.
flash-badge-rules-activated = The rules are in force. Everybody is looked at anew.
flash-badge-rules-same = These are the rules in force already.
badge-rules-too-large = The rules are longer than { $n } KiB.
badge-rules-not-toml = Line { $line } is not as it should be: { $detail }
badge-rules-too-many = There are more than { $n } badges.
badge-rules-none = There is no badge in it.
badge-rules-bad-id = Line { $line }: “{ $detail }” is no id. An id has two to forty small letters, digits and hyphens.
badge-rules-twice = Line { $line }: the id “{ $detail }” stands twice.
badge-rules-no-needs = Line { $line }: “{ $detail }” needs nothing, so everybody would have it.
badge-rules-unknown-measure = Line { $line }: nothing called “{ $detail }” is counted.
badge-rules-out-of-range = Line { $line }: { $detail } lies between 1 and { $n }.
badge-rules-not-per-topic = Line { $line }: “{ $detail }” does not go with the topics: it is not counted per topic, or the badge is not given per topic.
badge-rules-not-windowed = Line { $line }: what “{ $detail }” needs is not counted by months and years. Solutions and correct answers are, overall.
badge-rules-no-name = Line { $line }: “{ $detail }” needs a name.
badge-rules-unknown-tag = Line { $line }: there is no tag “{ $detail }”.
badge-rules-contradiction = Line { $line }: “{ $detail }” and “{ $other }” contradict each other. For the same things, the more precious badge must ask for more.
