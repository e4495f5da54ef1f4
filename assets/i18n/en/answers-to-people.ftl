# What handlers tell people: field errors, reasons why not, words shown once after an act.
about-too-long = Please keep this under 2,000 characters.
accept-superseded = Moderators found that this answer is wrong, so it cannot be accepted. A corrected one can be posted as a new answer.
accept-not-yours = Only the person who asked can accept an answer.
ago-now = just now
ago-minutes = { $n ->
    [one] 1 minute ago
   *[other] { $n } minutes ago
}
ago-hours = { $n ->
    [one] 1 hour ago
   *[other] { $n } hours ago
}
ago-days = { $n ->
    [one] yesterday
   *[other] { $n } days ago
}
stretch-minutes = { $n ->
    [one] 1 minute
   *[other] { $n } minutes
}
stretch-hours = { $n ->
    [one] 1 hour
   *[other] { $n } hours
}
stretch-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
in-seconds = { $n ->
    [one] in a second
   *[other] in { $n } seconds
}
body-too-short = Please write a little more, so that others can help.
body-too-long = This is longer than 30,000 characters. Please shorten it or split it.
body-control = There is a character in this text that cannot be shown. Please remove it.
comment-too-short = Please write a few words more.
comment-too-long = A comment has at most 1,000 characters. A longer thought may be an answer.
comments-too-many = This post has as many comments as it can hold.
confirm-asker = You asked this yourself: accept the answer that solved it.
confirm-not-here = This answer is no longer here.
confirm-own = You cannot say that of your own answer.
confirm-too-many = You have said this of many answers today. Please go on tomorrow.
confirm-value = Say whether it solved it for you: yes or no.
delete-not-possible = This can no longer be deleted: others have answered it, or it is the solution.
undelete-not-possible = This cannot be brought back by you.
diff-skipped = unchanged lines left out
draft-place = This text cannot be kept as a draft.
drafts-too-many = You keep as many drafts as there is room for. Please finish or remove one.
edit-not-yours = Only the author and moderators can edit this.
edit-title = Edit
email-empty = Please give your e-mail address.
email-malformed = This does not look like an e-mail address.
email-taken = This address has an account already.
email-too-long = This address is too long.
error-bad-cursor = This page of the list is not there. Please start from its beginning.
error-body = What you sent did not arrive whole. Please try again.
error-disk-full = There is no room left to save anything just now. What is here can still be read.
error-expired-form = This page was open for too long, or you signed in or out meanwhile. Please send it again from a fresh page.
error-field-twice = The same field was sent twice.
error-long-address = This address is too long.
error-not-a-number = A number was expected here.
error-not-utf8 = The text is not in UTF-8.
error-nul = There is a character in this text that cannot be kept.
error-page-title = Something is not right
error-signed-out = You are no longer signed in. Please sign in, then send it again.
error-too-many-fields = There are too many fields in this form.
error-unknown-sort = A list cannot be sorted that way.
error-unknown-tab = There is no such tab.
error-wrong-host = This forum answers under another address.
flash-account-erased = Your account is erased. Farewell.
flash-accepted = Marked as the solution. Thank you for telling everyone.
flash-address-changed = Your address is changed. Other sessions were ended.
flash-address-restored = Your address is as it was before, all sessions were ended, and access tokens were removed. Please choose a new password.
flash-confirmed = Your address is confirmed. You can sign in now.
flash-confirmation-withdrawn = Taken back. It no longer counts.
flash-solved-it = Thank you for telling: it helps whoever comes next.
flash-not-solved-it = Thank you for telling. Perhaps another answer helps, or you ask your own question.
flash-deleted = Deleted. You can bring it back.
flash-draft-back = Here is your draft again.
flash-draft-removed = The draft is gone.
flash-following = You will hear of new answers here.
flash-helped = Glad that helped. Your draft is put away.
flash-look-at-mail = We have sent you a mail. Open its link to finish.
flash-me-too = Noted. You will hear when there is an answer.
flash-password-changed = Your password is changed. Other sessions were ended, and access tokens were removed.
flash-saved = Saved.
flash-session-ended = The session was ended.
flash-sessions-ended = All other sessions were ended.
flash-token-revoked = The token no longer works.
flash-unaccepted = The question is open again.
flash-undeleted = It is back.
flash-unfollowed = You will no longer hear of this thread.
list-title-active = Active
list-title-newest = Newest questions
list-title-unanswered = Unanswered questions
list-title-unsolved = Unsolved questions
look-at-mail-title = Look at your mail
look-at-mail-text = We have sent you a message. Open the link in it to go on. If nothing comes within a few minutes, look among unwanted mail.
me-too-own = It is your own question: you have this problem for sure.
name-bad-character = A user name is made of letters, digits, dots, hyphens and underscores.
name-bad-dots = Two dots in a row, or one at the end, cannot be in a user name.
name-bad-start = A user name begins with a letter or a digit.
name-mixed-scripts = Letters of different alphabets cannot be mixed in a user name.
name-reserved = This name is not free.
name-taken = This name is taken already.
name-taken-title = This name was taken meanwhile
name-taken-text = Somebody else chose the same name before you opened the link. Please sign up again with another one.
name-too-long = This name is too long.
name-too-short = This name is too short.
password-common = This password is among the first that are tried. Please choose another.
password-is-name = Please do not use your name or address as the password.
password-too-long = A password has at most 256 characters.
password-too-short = A password has at least 8 characters.
password-wrong = This is not your password.
person-gone = Someone who left
search-rebuilding = The search index is being rebuilt. Results may be incomplete for a moment.
session-unknown = Unknown device
sign-in-reason = Please sign in to go on.
sign-in-suspended = This account is suspended until { $date }.
sign-in-suspended-why = The reason: { $reason }
sign-in-suspended-then = Until then you can read here without signing in; afterwards you can sign in as before.
sign-in-wrong = The name or the password is not right.
sign-up-closed = New accounts cannot be made here at the moment.
signature-bad = A signature is one line of at most 80 characters.
summary-bad = Please keep the summary to one line of at most 200 characters.
suspended-until = until { $date }
tag-bad-character = Tags are made of letters, digits, hyphens, dots, + and #.
tag-bad-start = A tag begins with a letter or a digit.
tag-too-long = A tag has at most 35 characters.
tag-too-short = A tag is too short.
tags-too-many = A question has at most five tags.
thread-duplicate = This question is closed as a duplicate. Please answer the one it points to.
thread-locked = This thread is locked.
thread-removed = This is no longer here.
title-bad-character = There is a character in the title that cannot be shown.
title-too-long = A title has at most 150 characters.
title-too-short = Please make the title a little longer: what goes wrong, with what.
token-name-bad = Please give the token a name of at most 60 characters.
token-too-many = You have as many tokens as there is room for. Please revoke one first.
vote-closed = Votes on this are closed.
vote-comment = Comments cannot be voted on.
vote-too-many = You have voted on very many posts today. Please go on tomorrow.
vote-own = You cannot vote on your own post.
vote-value = A vote is up, down or taken back.
point-rule-answer-up-vote = Your answer is voted up
point-rule-answer-down-vote = Your answer is voted down
point-rule-answer-accepted = Your answer is accepted as the solution
point-rule-question-up-vote = Your question is voted up
point-rule-question-down-vote = Your question is voted down
point-rule-accepting = You accept somebody's answer
point-rule-flag-agreed = A moderator agrees with your flag
point-rule-challenge-upheld = Moderators agree that a solution you challenged is wrong
point-rule-challenge-rejected = Moderators reject your challenge of a solution
you-are-suspended = Your account is suspended, so you can read but not write.
