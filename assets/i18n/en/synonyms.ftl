# The brand's words that mean the same.
admin-synonyms = Synonyms
synonyms-lead = Words that mean the same to your customers. Searches for one find the others, in all their forms. A change is in force at once.
synonyms-rules = { $n ->
    [0] No rules in force
    [one] One rule in force
   *[other] { $n } rules in force
}
synonyms-list = The list
synonyms-help = Rules in TOML. [[same]]: any of its words finds the others. [[also]]: “from” finds what stands in “to”, not the reverse.
synonyms-save = Check and save
synonyms-example = An example
synonyms-example-same = any of these finds the others
synonyms-example-also = searching the first also finds the others, not the reverse
synonyms-try = Try it
synonyms-try-label = A search
synonyms-try-help = By the list that is in force.
synonyms-try-button = Show what it finds too
synonyms-typed = Typed
synonyms-also-found = Finds too
synonyms-try-none = No rule is for these words.
synonyms-line = Line { $n }:
synonyms-overtaken = Somebody changed the list while you were editing. Yours is kept below; save again to put it in place of theirs.
synonyms-too-large = The list is larger than { $n } KB.
synonyms-not-toml = Line { $line } cannot be read: { $detail }.
synonyms-too-many-rules = There are more than { $n } rules.
synonyms-too-few = Line { $line }: this rule needs another word; a word alone means the same as nothing else.
synonyms-too-many-expressions = Line { $line }: a rule has at most { $n } words; make two rules of it.
synonyms-no-word = Line { $line }: “{ $detail }” has no letter or digit to search for.
synonyms-too-long = Line { $line }: “{ $detail }…” is longer than { $n } characters.
synonyms-too-many-words = Line { $line }: “{ $detail }” has more than { $n } words.
flash-synonyms-saved = The list is saved and in force.
flash-synonyms-same = The list is as it was.
