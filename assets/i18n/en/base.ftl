brand-default = Loggia
