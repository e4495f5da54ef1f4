# Search.
search-title = Results for “{ $q }”
search-title-empty = Search
search-help = Words, or a phrase in quotation marks.
search-instead = Did you mean
search-solved-only = Solved only
search-filter-remove = remove this filter
search-none-title = Nothing found
search-none-text = Try other words, or ask: people here are glad to help.
search-tips = How to search
search-not-found-ask = Not what you were looking for?
