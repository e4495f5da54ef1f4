### Points and badges.

## Why a line stands in somebody's statement
point-reason-answer-up-vote = Somebody voted your answer up
point-reason-answer-up-vote-withdrawn = A vote for your answer was taken back
point-reason-answer-down-vote = Somebody voted your answer down
point-reason-answer-down-vote-withdrawn = A vote against your answer was taken back
point-reason-question-up-vote = Somebody voted your question up
point-reason-question-up-vote-withdrawn = A vote for your question was taken back
point-reason-question-down-vote = Somebody voted your question down
point-reason-question-down-vote-withdrawn = A vote against your question was taken back
point-reason-answer-accepted = Your answer was accepted as the solution
point-reason-answer-unaccepted = Your answer is no longer the accepted solution
point-reason-accepting = You accepted a solution to your question
point-reason-accepting-withdrawn = The solution you accepted no longer stands
point-reason-flag-agreed = A moderator agreed with your flag
point-reason-flag-agreed-withdrawn = A moderator no longer agrees with your flag
point-reason-post-removed = Your post was removed, and its points with it
point-reason-post-restored = Your post is back, and its points with it
point-reason-challenge-upheld = Moderators agreed that a solution you challenged is wrong
point-reason-challenge-upheld-withdrawn = Moderators no longer agree with your challenge
point-reason-challenge-rejected = Moderators rejected your challenge of a solution
point-reason-challenge-rejected-withdrawn = Moderators no longer reject your challenge
point-reason-solution-superseded = Moderators found that the accepted solution is wrong
point-reason-solution-reinstated = Moderators found that the accepted solution is right after all
point-reason-acceptance-weighed = What an acceptance of your answer counts for changed
point-reason-credit-held = Credit is held back while moderators look at what it rests on
point-reason-credit-released = Credit that was held back counts again

## Levels
badge-level-bronze = Bronze
badge-level-silver = Silver
badge-level-gold = Gold

## Badges: the names; the rules in plain words are made of what they need
badge-first-answer-name = First answer
badge-first-solution-name = First solution
badge-asker-name = Good asker
badge-good-eye-name = Good eye
badge-solver-10-name = Solver
badge-helped-many-name = Helped many
badge-solver-50-name = Master solver
badge-pathfinder-name = Pathfinder
badge-month-10-name = Month of answers
badge-topic-helper-name = Helper
badge-topic-solver-name = Solver in a topic
badge-topic-expert-name = Expert
badge-good-hand-name = Good hand
badge-tidy-mind-name = Tidy mind
badge-second-look-name = Second look
badge-in-topic = { $name }: { $topic }

badge-needs-questions = { $n ->
    [one] a question that is there
   *[other] { $n } questions that are there
}
badge-needs-answers = { $n ->
    [one] an answer that is there
   *[other] { $n } answers that are there
}
badge-needs-solutions = { $n ->
    [one] an answer that somebody else accepted as their solution
   *[other] { $n } answers that others accepted as their solutions
}
badge-needs-up-voted-answers = { $n ->
    [one] an answer that stands at a score of one or more
   *[other] { $n } answers that stand at a score of one or more
}
badge-needs-proven-solutions = { $n ->
    [one] an accepted answer that stands at a score of ten or more
   *[other] { $n } accepted answers that stand at a score of ten or more
}
badge-needs-solved-questions = { $n ->
    [one] a question others voted up, with somebody’s answer accepted
   *[other] { $n } questions others voted up, with somebody’s answer accepted
}
badge-needs-agreed-flags = { $n ->
    [one] a flag that a moderator agreed with
   *[other] { $n } flags that a moderator agreed with
}
badge-needs-correct-answers = { $n ->
    [one] an answer that proved right
   *[other] { $n } answers that proved right
}
badge-needs-resolved-answers = { $n ->
    [one] an answer that proved right or wrong
   *[other] { $n } answers that proved right or wrong
}
badge-needs-readers-helped = { $n ->
    [one] a reader who says that an answer solved it for them
   *[other] { $n } readers who say that an answer solved it for them
}
badge-needs-duplicates-found = { $n ->
    [one] a duplicate found
   *[other] { $n } duplicates found
}
badge-needs-good-edits = { $n ->
    [one] somebody’s post made better
   *[other] { $n } posts of others made better
}
badge-needs-upheld-challenges = { $n ->
    [one] a wrong solution challenged, with the moderators’ agreement
   *[other] { $n } wrong solutions challenged, with the moderators’ agreement
}
badge-needs-authority = answers right at least { $percent } % of the time, beyond doubt
badge-needs-and = ; and{" "}
badge-rule-all-ever = It takes { $needs }.
badge-rule-all-year = Within a calendar year, it takes { $needs }.
badge-rule-all-month = Within a calendar month, it takes { $needs }.
badge-rule-topic-ever = Given for each topic. In it, it takes { $needs }.
badge-rule-topic-year = Given for each topic. In it, it takes { $needs }.
badge-rule-topic-month = Given for each topic. In it, it takes { $needs }.
badge-starter = To begin with
first-steps-title = First steps
first-steps-lead = They bid you welcome and say nothing yet of how right you are.
first-steps-done = done
badge-taken-back = { $n ->
    [0] Never taken back
    [one] Taken back once
   *[other] Taken back { $n } times
}

# How likely an answer is right
chance-label = Probably right: { $percent } %
chance-why = Between { $low } and { $high } %, nine times in ten. The evidence for it weighs as much as { $right } readers who tried it, the evidence against it as much as { $wrong }: the asker’s acceptance, readers’ words, verdicts and, a little, votes. The word of new accounts, and what was said of an earlier text, weighs less.
chance-why-held = What this answer counts for is held back while moderators look at a finding. Between { $low } and { $high } %; the evidence for it weighs { $right } readers, against it { $wrong }.
chance-order = Answers stand in this order below the solution; there, how often its author proved right counts as { $authority } of a reader for it.
chance-more = How it is reckoned

# How far somebody's word carries
standing-title = Right, beyond doubt
standing-overall = { $bound } % of the time
standing-why = Right in { $accuracy } % of { $count ->
    [one] one resolved answer
   *[other] { $count } resolved answers
 }, weighted by how hard the questions were; with luck set aside at least { $bound } %, at most { $high } %.
standing-none = No answer is resolved yet: nobody said that one was right or wrong.
standing-topics = By topic
standing-topic = { $bound } % from { $count ->
    [one] one answer
   *[other] { $count } answers
 }

# Badges that were taken back
badges-past = Taken back
badge-past-line = Given { $given }, taken back { $taken }: { $why }. Your bound was { $before } %, and is { $after } %.
badge-restores = What would bring it back: { $rule }
badge-grace = It still shows until { $date }: earned again before, it never went.
badge-leaving = Taken back; shows until { $date }
