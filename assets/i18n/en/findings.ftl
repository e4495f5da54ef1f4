### What was found, for moderators.
findings-title = Findings
findings-lead = What looks like being right and may not be. It counts no more from the moment it was found until you release it; everybody it concerns sees that in their statement.
findings-tab-held = Held back
findings-tab-upheld = Kept back for good
findings-tab-released = Released
findings-empty-title = Nothing here
findings-empty-text = The search runs by itself as people vote, accept and confirm.
findings-more = { $n ->
    [one] and one more
   *[other] and { $n } more
}
findings-decided = Decided by
finding-ring = A closed group
finding-ring-evidence = { $members } members have { $percent } % of their praise from each other: { $pieces } of { $of } votes, confirmations and acceptances.
finding-servants = One author, praised by accounts that praise nobody else
finding-servants-evidence = { $pieces } of { $of } pieces of praise ({ $percent } %) come from accounts that praise hardly anybody else; { $members } accounts in all.
finding-series = A series for one author
finding-series-evidence = { $pieces } of { $of } pieces ({ $percent } %) of what one of them praised or blamed went to the other.
finding-contrary = Contradicts everybody
finding-contrary-evidence = { $pieces } of the { $of } answers this account says are wrong ({ $percent } %) are right by what everybody else says.
finding-copies = Copied answers
finding-copies-evidence = { $pieces ->
    [one] One answer says
   *[other] { $pieces } answers say
 } what another author wrote before, word for word in most of it.
finding-posts = The answers
finding-note = Why (the moderators’ log keeps it)
finding-uphold = Keep it back
finding-release = Release it
finding-decision = Keep it back, or release it.
finding-own = A finding about yourself is for other moderators.
flash-finding-upheld = Kept back for good. You can release it later.
flash-finding-released = Released: it all counts again.
flash-finding-already = It was decided so before.
