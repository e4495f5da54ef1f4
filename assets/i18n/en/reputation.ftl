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
point-reason-acceptance-weighed = What an acceptance of your answer counts for changed
point-reason-credit-held = Credit is held back while moderators look at what it rests on
point-reason-credit-released = Credit that was held back counts again

## Levels
badge-level-bronze = Bronze
badge-level-silver = Silver
badge-level-gold = Gold

## Badges: the name, and the rule in plain words
badge-first-answer-name = First answer
badge-first-answer-description = Wrote an answer that stands at a score of one or more
badge-first-solution-name = First solution
badge-first-solution-description = Wrote an answer that somebody else accepted as their solution
badge-asker-name = Good asker
badge-asker-description = Asked a question others voted up, and accepted somebody’s answer to it
badge-good-eye-name = Good eye
badge-good-eye-description = Raised five flags that a moderator agreed with
badge-solver-10-name = Solver
badge-solver-10-description = Ten answers accepted by those who asked
badge-helped-many-name = Helped many
badge-helped-many-description = Wrote an accepted answer that stands at a score of ten or more
badge-solver-50-name = Master solver
badge-solver-50-description = Fifty answers accepted by those who asked
badge-pathfinder-name = Pathfinder
badge-pathfinder-description = Ten accepted answers that each stand at a score of ten or more
