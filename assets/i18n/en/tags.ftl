# Tags.
tags-title = Tags
tags-filter = Find a tag
tags-all = All tags
tags-none-title = No tag like that
tags-none-text = Try fewer letters.
tags-empty-title = No tags yet
tags-empty-text = Tags come with the first questions.
sort-popular = Popular
sort-name = By name
