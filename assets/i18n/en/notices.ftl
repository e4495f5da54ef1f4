# Notices and mail lists.
notices-title = Notices
notices-unread = unread
notices-read-all = Mark all as read
notices-settings = Mail settings
notices-empty-title = Nothing new
notices-empty-text = When somebody answers, comments or thanks you, it is told here.
notices-empty-go = Help somebody
mail-lists-lead = Mails go to { $email }. You can leave each list here or from any mail.
unsubscribe-title = Leave this mail list?
unsubscribe-text = You get no more mails of the kind “{ $list }”.
unsubscribe-do = Leave the list
unsubscribe-done-title = You have left the list
unsubscribe-done-text = No more mails of the kind “{ $list }”.
unsubscribe-invalid-title = This link does not work
unsubscribe-invalid-text = It may be cut off. You can choose your mails in the settings.
