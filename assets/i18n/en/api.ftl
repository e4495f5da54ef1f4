error-field-missing = This field is missing.
error-field-type = This field has a value of another type than it takes.
error-field-unknown = There is no such field here.
error-idempotency-key = An Idempotency-Key has 16 to 64 letters, digits, hyphens and underscores.
error-json = The body is not a JSON object.
error-limit = A limit is a whole number from 1 to 100.
error-query-length = A search takes 1 to 200 characters.
error-vote-value = A vote is 1, -1, or 0 to take it back.
