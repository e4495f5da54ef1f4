# Administration.
admin-overview = Overview
admin-people = People
admin-mails = Mails
admin-checks = Checks
admin-check = Check
admin-state = State
admin-found = Found
admin-ok = Good
admin-warn = Look here
admin-error = Wrong
admin-followers = Followers of the ledger
admin-follower = Follower
admin-place = Place
admin-lag = Behind
admin-last-error = Last error
admin-data = Data folder:
admin-people-filter = Name or e-mail
admin-person = Person
admin-role = Role
admin-role-all = All
admin-suspended = suspended
mails-waiting = Waiting
mails-failed = Failed
mails-sent = Sent
mails-to = To
mails-made = Written
mails-next = next try
mails-retry = Try again
mails-attempts = { $n ->
    [one] 1 try
   *[other] { $n } tries
}
mails-empty-title = No mails here
mails-empty-text = Mails in this state are listed here.
