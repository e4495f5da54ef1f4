## What somebody's solutions were worth in a month: its page, file and mail.
worth-title = Statement of worth
worth-lead = What your solutions were worth to others, month by month. Readers count once a day for each thread, as far as that can be told without a note of who they were; your own visits and programs don’t count.
worth-running = This month is still running: the figures grow until it is over.
worth-made = Written down
worth-unmade = No statement was written down of this month; these are its figures as they are known now.
worth-months = Months
worth-readers = People who read your solutions
worth-people = People you helped, who said so
worth-threads = Threads you solved
worth-value = Value
worth-rate = { $brand } values a thousand readers at { $value }.
worth-answers = Your answers
worth-answer = Answer
worth-head-readers = Readers
worth-head-people = People helped
worth-removed = An answer that was removed
worth-more = The file has all of them.
worth-topics = How right you were, by topic
worth-csv = Download as CSV
worth-empty-title = Nobody has read a solution of yours in this month
worth-empty-text = As soon as an answer of yours is accepted or proves right, its readers are counted here.
worth-empty-go = Find a question to answer
worth-file-line = line
worth-file-title = title
worth-file-address = address
worth-file-readers = readers
worth-file-people = people helped
worth-file-threads = threads solved
worth-file-value = value
worth-file-currency = currency
worth-file-accuracy = accuracy, %
worth-file-count = answers
worth-file-all = whole month
worth-file-answer = answer
worth-file-topic = topic
month-of-year = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }
mail-worth-subject = { $month }: { $n ->
    [one] one person read your solutions
   *[other] { $n } people read your solutions
}
mail-worth-body = In { $month }, { $readers ->
    [one] one person read a solution of yours
   *[other] { $readers } people read solutions of yours
}, { $people ->
    [0] nobody said in so many words that you helped
    [one] one said that it solved the problem for them
   *[other] { $people } said that it solved the problem for them
}, and you solved { $threads ->
    [0] no further thread
    [one] one thread
   *[other] { $threads } threads
}.
mail-worth-value = { $brand } values that at { $value }.
mail-worth-link = Your statement
mail-list-worth = What your solutions were worth
mail-list-worth-help = Once a month: how many people read your solutions, and whom they helped.
