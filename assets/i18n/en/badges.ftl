# Badges.
badges-title = Badges
badges-lead = Given for answers that turn out to be right. Taking back a vote or a solution takes them back too.
badges-empty-title = No badges yet
badges-empty-text = They appear here as soon as they are set up.
badge-gold = Gold
badge-silver = Silver
badge-bronze = Bronze
badge-mine = Yours
badge-event = Ledger
badge-holders = Who has it
badge-nobody-title = Nobody has it yet
badge-nobody-text = The first could be you.
