# What notices say, one message per kind. $actor is a person's name, $detail a reason or a name.
notice-answer = { $actor } answered your question
notice-official-answer = { $actor } answered your question officially
notice-followed-answer = { $actor } answered a question you follow
notice-followed-official-answer = { $actor } gave an official answer to a question you follow
notice-followed-solved = A question you follow has been solved
notice-comment = { $actor } commented on your post
notice-mention = { $actor } mentioned you
notice-accepted = { $actor } accepted your answer
notice-unaccepted = { $actor } no longer accepts your answer
notice-confirmed = Your answer solved it for somebody else
notice-duplicate = Your question was closed as a duplicate
notice-reopened = Your question is no longer closed as a duplicate
notice-locked = A moderator locked your question: { $detail }
notice-unlocked = Your question is open for answers again
notice-edited = A moderator edited a post of yours
notice-hidden = A moderator hid a post of yours: { $detail }
notice-restored = A moderator restored a post of yours
notice-suspended = Your account is suspended until { $until }: { $detail }
notice-flag-agreed = A moderator agreed with your flag. Thank you
notice-flag-declined = A moderator looked at your flag and left the post as it is
notice-solution-changed = The solution you accepted was changed: does it still solve it?
notice-solution-superseded = An answer you relied on proved wrong
notice-answer-superseded = Moderators found an answer of yours wrong: { $detail }
notice-answer-stands = Somebody challenged an answer of yours; moderators let it stand: { $detail }
notice-challenge-upheld = Moderators agree that the answer you challenged is wrong: { $detail }
notice-challenge-rejected = Moderators let the answer stand that you challenged: { $detail }
notice-answer-superseded-anew = Moderators looked again and found an answer of yours wrong after all: { $detail }
notice-answer-stands-anew = Moderators looked again: your answer stands after all: { $detail }
notice-challenge-upheld-anew = Moderators looked again and agree now that the answer you challenged is wrong: { $detail }
notice-challenge-rejected-anew = Moderators looked again and let the answer stand now that you challenged: { $detail }
notice-solution-stands = An answer that was found wrong stands after all: moderators looked again
notice-credit-held = Credit of yours is held back while moderators look at what it rests on. You can appeal
notice-credit-held-over = Credit of yours was held back while moderators looked at what it rests on
notice-credit-released = Credit of yours that was held back counts again
notice-appeal-upheld = Moderators uphold your appeal: { $detail }
notice-appeal-rejected = Moderators looked at your appeal and leave it as it is: { $detail }
notice-appeal-undone = Moderators took back what your appeal had given you: { $detail }
notice-case-opened = { $actor } passed a thread on to staff
notice-case-passed-on = Your question was passed on to our staff
notice-case-taken = { $actor } took the case you opened
notice-case-answered = { $actor } answered the case officially
notice-case-closed = { $actor } closed the case you opened
notice-badge = { $n ->
    [one] You earned the badge { $detail }
   *[other] You earned the badges { $detail }
}
notice-badge-revoked = { $n ->
    [one] The badge { $detail } has been taken back, because { $why }. It returns as soon as you reach it again
   *[other] The badges { $detail } have been taken back, because { $why }. They return as soon as you reach them again
}
notice-badge-no-more = { $n ->
    [one] The badge { $detail } has been taken back: the rules of badges changed, and it is no longer given
   *[other] The badges { $detail } have been taken back: the rules of badges changed, and they are no longer given
}
badge-revoked-by-vote-cast = votes have changed
badge-revoked-by-answer-accepted = another answer was accepted as the solution
badge-revoked-by-answer-unaccepted = an answer is no longer accepted as the solution
badge-revoked-by-post-deleted = a post that counted was deleted
badge-revoked-by-post-hidden = a post that counted was hidden by a moderator
badge-revoked-by-flag-decided = a flag was decided anew
badge-revoked-by-answer-confirmed = a reader says that an answer did not solve it
badge-revoked-by-confirmation-withdrawn = a reader took their word back
badge-revoked-by-verdict-given = an answer was judged
badge-revoked-by-verdict-withdrawn = a verdict was taken back
badge-revoked-by-challenge-decided = a challenge was decided
badge-revoked-by-post-edited = an answer was changed after people had said that it is right
badge-revoked-by-thread-tagged = a question has other topics now
badge-revoked-by-thread-reopened = a thread is no longer a duplicate
badge-revoked-by-credit-held = credit is held back while moderators look at what it rests on
badge-revoked-by-badge-rules-activated = the rules of badges changed
badge-revoked-by-badge-reinstatement-withdrawn = moderators took back that they had given it back
badge-revoked-by-other = what it was given for has changed
notice-removed-post = a post that has been removed
notice-somebody = Somebody

# Subjects and texts of the mails; the text is the notice's sentence, the title below it.
mail-answer-subject = { $actor } answered: { $title }
mail-official-answer-subject = Official answer: { $title }
mail-followed-answer-subject = { $actor } answered: { $title }
mail-followed-official-answer-subject = Official answer: { $title }
mail-followed-solved-subject = Solved: { $title }
mail-comment-subject = { $actor } commented: { $title }
mail-mention-subject = { $actor } mentioned you: { $title }
mail-accepted-subject = Your answer was accepted: { $title }
mail-confirmed-subject = Your answer helped: { $title }
mail-duplicate-subject = Closed as a duplicate: { $title }
mail-reopened-subject = No longer closed as a duplicate: { $title }
mail-locked-subject = Locked: { $title }
mail-unlocked-subject = Open for answers again: { $title }
mail-edited-subject = A moderator edited your post: { $title }
mail-hidden-subject = A post of yours was hidden
mail-restored-subject = A post of yours was restored
mail-suspended-subject = Your account at { $brand } is suspended
mail-flag-agreed-subject = Your flag: a moderator agreed
mail-flag-declined-subject = Your flag: a moderator decided
mail-solution-changed-subject = Changed since you accepted it: { $title }
mail-solution-superseded-subject = An answer you relied on proved wrong: { $title }
mail-answer-superseded-subject = Found wrong: your answer to { $title }
mail-answer-stands-subject = It stands: your answer to { $title }
mail-challenge-upheld-subject = Your challenge was upheld: { $title }
mail-challenge-rejected-subject = Your challenge was rejected: { $title }
mail-answer-superseded-anew-subject = Found wrong after all: your answer to { $title }
mail-answer-stands-anew-subject = It stands after all: your answer to { $title }
mail-challenge-upheld-anew-subject = Your challenge was upheld after all: { $title }
mail-challenge-rejected-anew-subject = Decided anew, your challenge was rejected: { $title }
mail-solution-stands-subject = It stands after all: an answer to { $title }
mail-credit-held-subject = Credit of yours at { $brand } is held back
mail-credit-released-subject = Credit of yours at { $brand } counts again
mail-appeal-upheld-subject = Your appeal was upheld
mail-appeal-rejected-subject = Your appeal was looked at
mail-appeal-undone-subject = What your appeal had given was taken back
mail-notice-appeal = If you think that is a mistake, you can appeal: { $url }
mail-case-opened-subject = New case: { $title }
mail-case-passed-on-subject = Passed on to our staff: { $title }
mail-case-taken-subject = Case taken: { $title }
mail-case-answered-subject = Case answered: { $title }
mail-case-closed-subject = Case closed: { $title }
mail-badge-subject = { $n ->
    [one] You earned the badge { $detail }
   *[other] You earned the badges { $detail }
}
mail-badge-revoked-subject = { $n ->
    [one] The badge { $detail } has been taken back
   *[other] The badges { $detail } have been taken back
}
mail-notice-link = See it at { $brand }
