# What people search for and don't find.
admin-gaps = Gaps
gaps-lead = What people searched for and did not find. Nobody is named: a search is shown once it came from { $n } visitors, and those with addresses or numbers in them are not written down.
gaps-folded = Wordings that mean the same are one gap, named by the one searched for most; its numbers are those of all of them added up, so somebody who tried two of them counts twice.
gaps-period = Period
gaps-days = { $n } days
gaps-csv = Download as CSV
gaps-missed-label = { $n ->
    [one] time
   *[other] times
}
gaps-sums = { $n ->
    [one] Searched once:
   *[other] Searched { $n } times:
} { $from } × nothing found, { $to } × only some of the words.
gaps-opened-sum = { $n ->
    [0] No hit was opened.
    [one] One hit was opened, { $from } of them solved.
   *[other] { $n } hits were opened, { $from } of them solved.
}
gaps-others = { $n ->
    [one] Also worded another way.
   *[other] Also worded { $n } other ways.
}
gaps-also = Also searched for as
gaps-solutions = Solved since
gaps-unanswered = Unanswered
gaps-ask = Ask and answer it
gaps-dismiss = Put aside
gaps-restore = Put back
gaps-show-aside = Those put aside
gaps-show-open = Open gaps
gaps-aside-title = Gaps put aside
gaps-aside-empty = No gap was put aside
gaps-empty-title = No gaps to show
gaps-empty-text = Either people find what they seek, or too few have searched yet.
gaps-search = Search
gaps-missed = In vain
gaps-found-none = Nothing found
gaps-weak = Some of the words
gaps-searched = Searches
gaps-opened = Hits opened
gaps-solved = Solved hits opened
gaps-last = Last in vain
flash-gap-aside = The gap was put aside.
flash-gap-back = The gap is back among the others.
flash-gap-gone = This gap is no longer there.
