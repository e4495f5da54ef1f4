# Short labels that handlers put into rows: counted words, what a person did, states.
label-answers = { $n ->
    [one] answer
   *[other] answers
}
label-votes = { $n ->
    [one] vote
   *[other] votes
}
label-n-answers = { $n ->
    [one] 1 answer
   *[other] { $n } answers
}
label-n-views = { $n ->
    [one] 1 view
   *[other] { $shown } views
}
label-n-threads = { $n ->
    [one] 1 question
   *[other] { $n } questions
}
label-n-solutions = { $n ->
    [one] 1 solution
   *[other] { $n } solutions
}
label-n-me-too = { $n ->
    [one] 1 other person has this problem
   *[other] { $n } other people have this problem
}
label-solved-for = { $n ->
    [one] Solved it for 1 person
   *[other] Solved it for { $n } people
}
label-likely = { $n } % likely
label-n-new-answers = { $n ->
    [one] 1 new answer
   *[other] { $n } new answers
}
label-more-comments = { $n ->
    [one] Show 1 more comment
   *[other] Show { $n } more comments
}
label-earned-by = { $n ->
    [0] Nobody has it yet
    [one] Earned by 1 person
   *[other] Earned by { $n } people
}
label-other-flags = { $n ->
    [one] 1 more flag on this post
   *[other] { $n } more flags on this post
}
label-found = { $n ->
    [0] Nothing found
    [one] 1 question found
   *[other] { $n } questions found
}
label-waiting = waiting for { $time }
label-behind = { $n ->
    [0] up to date
    [one] 1 event behind
   *[other] { $n } events behind
}
activity-asked = asked
activity-answered = answered
activity-edited = edited
activity-commented = commented
activity-accepted = solved
state-open = Open
state-taken = Taken
state-answered = Answered
state-closed = Closed
escalated-open = Passed to our team { $ago }. Somebody will answer here.
escalated-taken = Somebody of our team is looking into this and will answer here.
escalated-answered = Our team has answered.
escalated-closed = Our team has looked into this.
place-question = New question
place-answer = Answer
place-edit = Edit
place-case = Official answer
place-solved = Question put away: it was solved
place-away = Question put away
place-comment = Comment
