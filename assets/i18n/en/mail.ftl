# Mails. Titles and names come as arguments; a blank line inside a message makes a new paragraph.
mail-greeting = Hello { $name },
mail-why = You receive this from { $brand } because you get mails about: { $list }.
mail-why-account = { $brand } sends this about your account; such mails cannot be turned off.
mail-stop = Stop these mails
mail-stop-account = About these mails

mail-list-account = Your account
mail-list-account-help = Password, address and safety. Always sent.
mail-list-answers = Answers
mail-list-answers-help = New answers to your questions and to threads you follow.
mail-list-comments = Comments
mail-list-comments-help = Comments on your questions and answers.
mail-list-mentions = Mentions
mail-list-mentions-help = When somebody calls you by name.
mail-list-accepted = Accepted answers
mail-list-accepted-help = When your answer solves a question, a question you follow is solved, or a solution you rely on is changed or proves wrong.
mail-list-moderation = Moderation
mail-list-moderation-help = What moderators decide or change about your posts, your questions, your flags, your challenges and your appeals, and when credit is held back.
mail-list-cases = Cases
mail-list-cases-help = Threads passed on to staff.
mail-list-badges = Badges
mail-list-badges-help = When you earn a badge, or it is taken back.

mail-confirm-email-subject = Confirm your address for { $brand }
mail-confirm-email-body =
    Please confirm that { $address } is your address.

    If you did not sign up, you need do nothing.
mail-confirm-email-link = Confirm the address
mail-reset-password-subject = Choose a new password for { $brand }
mail-reset-password-body =
    Somebody, probably you, asked for a new password.

    The link works once and for a short time. If it was not you, your password stays as it is.
mail-reset-password-link = Choose a new password
mail-change-email-subject = Confirm your new address for { $brand }
mail-change-email-body =
    Your account is to use { $address } from now on. Please confirm it.

    If you did not ask for this, you need do nothing.
mail-change-email-link = Confirm the new address
mail-undo-email-subject = Your address at { $brand } is being changed
mail-undo-email-body =
    Somebody who is signed in as you asked to change the address of your account.

    If it was not you, undo the change and choose a new password.
mail-undo-email-link = Undo the change
mail-password-changed-subject = Your password at { $brand } was changed
mail-password-changed-body =
    The password of your account was changed just now. All other sessions were ended, and access tokens were removed.

    If it was not you, choose a new password at once.
mail-password-changed-link = Choose a new password
mail-address-taken-subject = You already have an account at { $brand }
mail-address-taken-body =
    Somebody, perhaps you, tried to sign up with { $address }. This address has an account already.

    If you forgot the password, you can choose a new one.
mail-address-taken-link = Choose a new password
