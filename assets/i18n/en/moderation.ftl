# Flags, queue, log, escalation by moderators.
tools-title = Moderation
tools-case = Open the case
tools-escalate = Pass to our team
tools-duplicate = Close as duplicate
tools-duplicate-do = Close
tools-reopen = Open again
tools-lock = Lock
tools-unlock = Unlock
duplicate-of-label = Number or address of the other question
flag-title = Flag for the moderators
flag-lead = Moderators look at every flag. The author is not told who flagged.
flag-reason = What is wrong?
flag-note = Anything to add?
flag-note-help = Optional. Only moderators read it.
flag-send = Send flag
flag-already = You have flagged this already. Moderators will look at it.
back-to-thread = Back to the question
queue-title = Queue
queue-flags = Flags
queue-duplicates = Duplicates
queue-duplicates-rule = New questions that may have been asked before, the likeliest first. See what both say before you close one.
queue-may-be = May be a duplicate
queue-later = New question, asked
queue-earlier = Earlier question, asked
queue-same = The same question has been asked before.
queue-dismiss = Not a duplicate
queue-duplicates-empty-title = No duplicates in sight
queue-duplicates-empty-text = When a new question looks like an earlier one, the two are laid side by side here.
queue-written-by = Written by
queue-flagged-by = flagged by
queue-agree = Agree
queue-agree-help = The person who flagged is told, and it is shown in the moderation log.
queue-agree-do = Agree with the flag
queue-hide-too = Hide the post
queue-decline = Decline
queue-decline-do = Decline the flag
queue-empty-title = No open flags
queue-empty-text = All is calm. Somebody may be waiting for an answer, though.
queue-threads-empty-title = Nobody is waiting
queue-threads-empty-text = Every question here is within its time.
kind-question = Question
kind-answer = Answer
kind-comment = Comment
log-title = Moderation log
log-lead = What moderators did, and why.
log-empty-title = Nothing yet
log-empty-text = No moderator had to step in.
escalate-title = Pass to our team
escalate-lead = A member of staff takes it from here and answers in public. { $name } is told that it has been passed on.
escalate-note = Note for the team
escalate-note-help = What has been tried, what is missing? Only staff and moderators read it.
escalate-send = Pass it on
flag-reason-spam = Spam
flag-reason-spam-help = It sells something or leads elsewhere.
flag-reason-rude = Rude
flag-reason-rude-help = It insults, threatens or mocks somebody.
flag-reason-personal-data = Personal data
flag-reason-personal-data-help = It shows an address, a number or a document that should not be public.
flag-reason-outdated = Out of date
flag-reason-outdated-help = It was right once and misleads today.
flag-reason-other = Something else
flag-reason-other-help = Please say what.
flag-reason-missing = Choose what is wrong.
flag-note-too-long = At most 500 characters.
flag-own = This is your own post. You can edit or delete it.
flag-removed = This post has been removed already.
flag-decide-own = This flag is about your own post. Somebody else has to decide it.
decision-unknown = Say whether you agree with the flag or decline it.
text-control = There are signs in it that cannot be shown. Please type it again.
reason-too-short = Say why, in at least 5 characters.
reason-too-long = At most 500 characters.
reason-hide = { $kind ->
    [question] Hide this question
    [answer] Hide this answer
   *[other] Hide this comment
}
reason-restore = { $kind ->
    [question] Bring this question back
    [answer] Bring this answer back
   *[other] Bring this comment back
}
reason-optional = Reason (optional)
reason-lock = Lock this question
reason-suspend = Suspend { $name }
duplicate-unknown = There is no such question. Give its number or its address.
duplicate-already-title = Closed already
duplicate-already-text = This question was closed before, as a duplicate of #{ $number }, “{ $title }”. Nothing has changed.
duplicate-of-itself = A question cannot be a duplicate of itself.
restore-not-possible = Only what a moderator has hidden can be brought back here.
suspend-days-wrong = From 1 to 365 days.
suspend-oneself = You cannot suspend yourself.
suspend-not-them = You cannot suspend this person.
queue-rule-unanswered = Without an answer, oldest first; late after { $time }.
queue-rule-unsolved = Unsolved for longer than { $time }, oldest first.
log-hide = { $kind ->
    [question] hid a question
    [answer] hid an answer
   *[other] hid a comment
}
log-unhide = { $kind ->
    [question] brought a question back
    [answer] brought an answer back
   *[other] brought a comment back
}
log-lock = locked a question
log-unlock = unlocked a question
log-duplicate = closed a question as a duplicate
log-reopen = opened a question again
log-suspend = suspended a person
log-unsuspend = ended the suspension of a person
log-escalate = passed a question to our team
log-decide = { $kind ->
    [question] decided a flag on a question
    [answer] decided a flag on an answer
   *[other] decided a flag on a comment
}
log-hold = kept credit back that a finding is about
log-release = released credit that was kept back
log-role = gave a person the role { $role }
flash-flagged = Thank you. A moderator will look at it.
flash-flagged-already = You have flagged this already.
flash-decided = The flag is decided.
flash-decided-already = Somebody has decided this flag already.
flash-hidden = It is hidden.
flash-hidden-already = It was hidden already; nothing has changed.
flash-restored = It is back.
flash-not-hidden = It was not hidden; nothing has changed.
flash-locked = The question is locked.
flash-locked-already = The question was locked already; nothing has changed.
flash-not-locked = The question was not locked; nothing has changed.
flash-unlocked = The question is open for answers again.
flash-closed = The question is closed as a duplicate.
flash-not-closed = The question was not closed; nothing has changed.
flash-dismissed = Noted. These two will not be proposed again.
flash-dismissed-already = Somebody has decided this already.
flash-reopened = The question is open again.
flash-suspended = The person is suspended.
flash-suspended-already = This person is suspended already.
flash-unsuspended = The suspension has ended.
flash-not-suspended = This person is not suspended.
