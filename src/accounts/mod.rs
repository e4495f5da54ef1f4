//! accounts room: people, their roles, sessions and passwords.
pub mod pages;
pub mod password;
pub mod policy;
mod store;
pub mod views;

use crate::db::{Conn, Db, DbResult, Tx};
use crate::error::Result;
use crate::kernel::ids::UserId;
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::kernel::names::{DisplayName, Email, Username};
use crate::kernel::token;
use crate::ledger::Fact;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What a person may do, from least to most.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Customer,
    Moderator,
    Staff,
    Admin,
}

impl Role {
    pub const ALL: [Role; 4] = [Role::Customer, Role::Moderator, Role::Staff, Role::Admin];

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Customer => "customer",
            Role::Moderator => "moderator",
            Role::Staff => "staff",
            Role::Admin => "admin",
        }
    }
    pub fn parse(text: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == text)
    }
    /// Sees the moderators' queue and acts on what is in it.
    pub fn moderates(self) -> bool {
        matches!(self, Role::Moderator | Role::Admin)
    }
    /// Has the desk, and speaks for the brand.
    pub fn answers_officially(self) -> bool {
        matches!(self, Role::Staff | Role::Admin)
    }
}

/// The person who is looking or acting.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub role: Role,
    pub suspended_until: Option<Moment>,
    pub signature: String,
    pub unread_notices: i64,
    /// The session they came by, and when it was last noted as used; `None` by an API token.
    pub session: Option<(i64, Moment)>,
    /// The same of the API token they came by.
    pub token: Option<(i64, Moment)>,
}

impl Viewer {
    pub fn is_suspended(&self, now: Moment) -> bool {
        self.suspended_until.is_some_and(|until| until > now)
    }
}

pub use policy::password_problem;
pub use store::{
    ListedPerson, LogLine, OneTimePurpose, PeopleFilter, PersonHead, SessionInfo, TokenInfo, another_admin,
    display_names, email_of, find_person, first_run_open, list_people, log_page, names_of,
    one_time_link_email, pending_email, person_head, profile, secret, sessions_of, tokens_of,
    viewer_by_api_token, viewer_by_id, viewer_by_session,
};

/// Where an act on an account came from, as its log keeps it. Of the command line nothing is known.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    pub address: Option<IpAddr>,
    pub user_agent: String,
}

/// What the log of accounts tells of: who came in, and what was done to the keys of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountAct {
    SignedIn,
    SignInRefused,
    PasswordChanged,
    PasswordReset,
    AddressChanged,
    AddressRestored,
    TokenMade,
    TokenRevoked,
    RoleChanged,
    SessionsEnded,
    Exported,
    Erased,
}

impl AccountAct {
    pub const ALL: [AccountAct; 12] = [
        AccountAct::SignedIn,
        AccountAct::SignInRefused,
        AccountAct::PasswordChanged,
        AccountAct::PasswordReset,
        AccountAct::AddressChanged,
        AccountAct::AddressRestored,
        AccountAct::TokenMade,
        AccountAct::TokenRevoked,
        AccountAct::RoleChanged,
        AccountAct::SessionsEnded,
        AccountAct::Exported,
        AccountAct::Erased,
    ];

    /// As stored, and as the end of its message's key `account-act-…`.
    pub fn as_str(self) -> &'static str {
        match self {
            AccountAct::SignedIn => "signed-in",
            AccountAct::SignInRefused => "sign-in-refused",
            AccountAct::PasswordChanged => "password-changed",
            AccountAct::PasswordReset => "password-reset",
            AccountAct::AddressChanged => "address-changed",
            AccountAct::AddressRestored => "address-restored",
            AccountAct::TokenMade => "token-made",
            AccountAct::TokenRevoked => "token-revoked",
            AccountAct::RoleChanged => "role-changed",
            AccountAct::SessionsEnded => "sessions-ended",
            AccountAct::Exported => "exported",
            AccountAct::Erased => "erased",
        }
    }
}

/// Writes one line of the log, in the transaction of the act it tells of. `actor` is nobody where only a link or
/// a guess was at hand.
pub fn note(
    tx: &mut Tx<'_>,
    act: AccountAct,
    actor: Option<UserId>,
    user: UserId,
    caller: &Caller,
) -> DbResult<()> {
    store::insert_log_line(tx, act, actor, user, caller.address)
}

/// Notes that somebody tried to come in as `user` and could not. Nobody waits for it, so that the answer takes as
/// long where there is no such account.
pub fn note_refusal(db: &Db, user: UserId, caller: Caller) {
    std::mem::drop(db.write_later(move |tx| note(tx, AccountAct::SignInRefused, None, user, &caller)));
}

/// Whether it is time to note again that the session or the token was used.
fn is_untouched(used: Option<(i64, Moment)>, now: Moment) -> Option<i64> {
    used.filter(|(_, used_at)| now.since(*used_at) > limits::SESSION_TOUCH).map(|(id, _)| id)
}

/// Notes that the viewer's session or token was used, at most once an hour.
pub fn touch(tx: &mut Tx<'_>, viewer: &Viewer) -> DbResult<()> {
    if let Some(session) = is_untouched(viewer.session, tx.now) {
        store::touch_session(tx, session)?;
    }
    if let Some(token) = is_untouched(viewer.token, tx.now) {
        store::touch_api_token(tx, token)?;
    }
    Ok(())
}

/// The same without making a reader wait.
pub fn touch_later(db: &Db, viewer: &Viewer, now: Moment) {
    if is_untouched(viewer.session.or(viewer.token), now).is_some() {
        let (db, viewer) = (db.clone(), viewer.clone());
        // A failure costs an hour of the session's idle time.
        std::mem::drop(db.write_later(move |tx| touch(tx, &viewer)));
    }
}

/// What a new account is made of.
pub struct NewUser {
    pub username: Username,
    pub display_name: DisplayName,
    pub email: Option<Email>,
    pub password_hash: Option<String>,
    pub role: Role,
}

#[derive(Debug, PartialEq, Eq)]
pub enum UserMade {
    Made(UserId),
    NameTaken,
    EmailTaken,
}

/// Makes an account whose address is taken as confirmed: the owner's, one made by the command line,
/// or one whose link was opened.
pub fn make_user(tx: &mut Tx<'_>, new: NewUser) -> Result<UserMade> {
    if store::name_is_taken(tx.conn, &new.username.key(), None)? {
        return Ok(UserMade::NameTaken);
    }
    if let Some(email) = &new.email
        && store::user_by_email(tx.conn, &email.key())?.is_some()
    {
        return Ok(UserMade::EmailTaken);
    }
    let id = store::insert_user(tx, &new)?;
    tx.append(Some(id), Fact::UserJoined { user: id })?;
    Ok(UserMade::Made(id))
}

/// The answer to somebody who wants an account. Whether the address is known is told to its owner alone.
#[derive(Debug)]
pub enum SignUp {
    /// A mail is on its way: `token` confirms, or `None` where the address has an account already.
    Asked {
        token: Option<String>,
    },
    NameTaken,
}

/// Keeps what a visitor wants to be called until the link in the mail is opened.
pub fn sign_up(
    tx: &mut Tx<'_>,
    username: &Username,
    display_name: &DisplayName,
    email: &Email,
    password_hash: &str,
    browser: &str,
) -> Result<SignUp> {
    if store::name_is_taken(tx.conn, &username.key(), Some(tx.now))? {
        return Ok(SignUp::NameTaken);
    }
    let known = store::user_by_email(tx.conn, &email.key())?.is_some();
    let token = token::random().map_err(|e| crate::error::Error::Internal(e.to_string()))?;
    // A row is written either way, so that the time taken tells nothing; for a known address it is of no use.
    let digest = if known { format!("known:{}", token::digest(&token)) } else { token::digest(&token) };
    store::insert_sign_up(
        tx,
        &digest,
        username,
        display_name,
        email,
        password_hash,
        &token::digest(browser),
    )?;
    Ok(SignUp::Asked { token: (!known).then_some(token) })
}

#[derive(Debug)]
pub enum Confirmed {
    /// The account is there; the token of a session where the link was opened in the browser that asked.
    Welcome {
        session: Option<String>,
    },
    /// The address of an existing account is confirmed now.
    AddressChanged,
    AddressRestored,
    NameTaken,
    Invalid,
}

/// What a browser that opens a link brought with it.
#[derive(Debug, Clone, Default)]
pub struct Opener {
    /// The token of its session, if it is signed in.
    pub session: Option<String>,
    /// What tied its forms together before it was.
    pub browser: Option<String>,
    pub caller: Caller,
}

/// Opens the link of a confirmation mail: a new account, a changed address, or the undoing of a change.
pub fn confirm(tx: &mut Tx<'_>, link: &str, opener: &Opener) -> Result<Confirmed> {
    let digest = token::digest(link);
    if let Some(waiting) = store::take_sign_up(tx, &digest)? {
        let parsed = (
            Username::parse(&waiting.username),
            DisplayName::parse(&waiting.display_name),
            Email::parse(&waiting.email),
        );
        let (Ok(username), Ok(display_name), Ok(email)) = parsed else { return Ok(Confirmed::Invalid) };
        let new = NewUser {
            username,
            display_name,
            email: Some(email),
            password_hash: Some(waiting.password_hash),
            role: Role::Customer,
        };
        return Ok(match make_user(tx, new)? {
            UserMade::Made(id) => {
                let browser = opener.browser.as_deref();
                let same_browser = browser.is_some_and(|b| token::digest(b) == waiting.browser_digest);
                let session = if same_browser { Some(sign_in(tx, id, &opener.caller)?) } else { None };
                Confirmed::Welcome { session }
            }
            UserMade::NameTaken => Confirmed::NameTaken,
            UserMade::EmailTaken => Confirmed::Invalid,
        });
    }
    for purpose in [OneTimePurpose::ChangeEmail, OneTimePurpose::UndoEmail] {
        let Some(taken) = store::take_one_time_link(tx, purpose, &digest)? else { continue };
        let (Some(user), Some(Ok(email))) = (taken.user, taken.email.as_deref().map(Email::parse)) else {
            return Ok(Confirmed::Invalid);
        };
        if store::user_by_email(tx.conn, &email.key())?.is_some_and(|known| known.id != user) {
            return Ok(Confirmed::Invalid);
        }
        store::set_email(tx, user, &email)?;
        // Links sent to the address that was left must not open the account.
        store::void_links(tx, user, &[OneTimePurpose::ResetPassword, OneTimePurpose::ChangeEmail])?;
        if purpose == OneTimePurpose::UndoEmail {
            // Whoever changed the address is taken to be an intruder: what they opened ends, and an undoing that was
            // offered later, to an address of theirs, is none.
            store::void_undoing_after(tx, user, taken.id)?;
            store::end_sessions(tx, user, None)?;
            store::revoke_api_tokens(tx, user)?;
            note(tx, AccountAct::AddressRestored, None, user, &opener.caller)?;
            return Ok(Confirmed::AddressRestored);
        }
        let here = match &opener.session {
            Some(session) => store::session_of(tx.conn, user, &token::digest(session))?,
            None => None,
        };
        store::end_sessions(tx, user, here)?;
        note(tx, AccountAct::AddressChanged, here.map(|_| user), user, &opener.caller)?;
        return Ok(Confirmed::AddressChanged);
    }
    Ok(Confirmed::Invalid)
}

/// Starts a session and gives its token, of which the database keeps a digest alone.
pub fn start_session(tx: &mut Tx<'_>, user: UserId, user_agent: &str) -> Result<String> {
    let token = token::random().map_err(|e| crate::error::Error::Internal(e.to_string()))?;
    store::insert_session(tx, user, &token::digest(&token), user_agent)?;
    Ok(token)
}

/// Starts a session for somebody who has shown that they are this person.
pub fn sign_in(tx: &mut Tx<'_>, user: UserId, caller: &Caller) -> Result<String> {
    let token = start_session(tx, user, &caller.user_agent)?;
    note(tx, AccountAct::SignedIn, Some(user), user, caller)?;
    Ok(token)
}

/// Ends the session a browser brought.
pub fn sign_out(tx: &mut Tx<'_>, session_token: &str) -> DbResult<()> {
    store::end_session_by_digest(tx, &token::digest(session_token))
}

/// Ends one of a person's own sessions, or all but `keep`.
pub fn end_sessions(
    tx: &mut Tx<'_>,
    user: UserId,
    which: Option<i64>,
    keep: Option<i64>,
    caller: &Caller,
) -> DbResult<()> {
    match which {
        Some(id) => store::end_session(tx, user, id)?,
        None => store::end_sessions(tx, user, keep)?,
    }
    note(tx, AccountAct::SessionsEnded, Some(user), user, caller)
}

/// Takes every way in away that is open just now: sessions and API tokens. The password stays.
pub fn shut_out(tx: &mut Tx<'_>, actor: UserId, user: UserId, caller: &Caller) -> DbResult<()> {
    store::end_sessions(tx, user, None)?;
    store::revoke_api_tokens(tx, user)?;
    note(tx, AccountAct::SessionsEnded, Some(actor), user, caller)
}

/// What is needed to check a password: whose it is and its hash.
pub fn credentials(conn: &mut Conn, login: &str) -> DbResult<Option<(UserId, String)>> {
    store::credentials(conn, login)
}

pub fn password_hash_of(conn: &mut Conn, user: UserId) -> DbResult<Option<String>> {
    store::password_hash_of(conn, user)
}

/// Sets a new password, and with it ends every session, every API token and every link that was asked for under
/// the old one, so that whoever knew that is out. `actor` is nobody where a link or the command line was enough.
/// What undoes a change of address stays good: it is the owner's, not the intruder's.
pub fn set_password(
    tx: &mut Tx<'_>,
    actor: Option<UserId>,
    user: UserId,
    hash: &str,
    caller: &Caller,
) -> DbResult<()> {
    store::set_password(tx, user, hash)?;
    store::end_sessions(tx, user, None)?;
    store::revoke_api_tokens(tx, user)?;
    store::void_links(tx, user, &[OneTimePurpose::ResetPassword, OneTimePurpose::ChangeEmail])?;
    let act = if actor.is_some() { AccountAct::PasswordChanged } else { AccountAct::PasswordReset };
    note(tx, act, actor, user, caller)
}

/// A link to reset the password; older links die with it. Made for an unknown address too, so that the time taken
/// tells nothing; then it is nobody's, and opens nothing.
pub struct ResetLink {
    pub user: Option<UserId>,
    /// As the account has it, or as it was typed.
    pub email: String,
    pub display_name: String,
    pub token: String,
}

pub fn ask_reset(tx: &mut Tx<'_>, email: &Email) -> Result<ResetLink> {
    let token = token::random().map_err(|e| crate::error::Error::Internal(e.to_string()))?;
    let known = store::user_by_email(tx.conn, &email.key())?;
    let user = known.as_ref().map(|known| known.id);
    store::void_links(tx, user.unwrap_or(UserId(0)), &[OneTimePurpose::ResetPassword])?;
    let purpose = OneTimePurpose::ResetPassword;
    store::insert_one_time_link(tx, purpose, user, None, &token::digest(&token), limits::RESET_LIFE)?;
    let (email, display_name) = match known {
        Some(known) => (known.email, known.display_name),
        None => (email.as_str().to_owned(), String::new()),
    };
    Ok(ResetLink { user, email, display_name, token })
}

/// Whether a reset link still works.
pub fn reset_link_works(conn: &mut Conn, link: &str, now: Moment) -> DbResult<bool> {
    store::one_time_link_works(conn, OneTimePurpose::ResetPassword, &token::digest(link), now)
}

/// Uses a reset link up: the new password holds, every session ends. Nobody when the link is no longer good.
pub fn reset_password(tx: &mut Tx<'_>, link: &str, hash: &str, caller: &Caller) -> Result<Option<UserId>> {
    let taken = store::take_one_time_link(tx, OneTimePurpose::ResetPassword, &token::digest(link))?;
    let Some(user) = taken.and_then(|taken| taken.user) else { return Ok(None) };
    set_password(tx, None, user, hash, caller)?;
    Ok(Some(user))
}

/// Tokens of a wanted change of address: one for the new address, one to undo it for the old.
pub struct EmailChange {
    pub confirm_token: String,
    pub undo: Option<(String, String)>,
    /// The address has an account already: nothing is sent to it but a word about that.
    pub taken: bool,
}

/// Keeps the new address until its link is opened. For one that has an account the same is written, and its link is
/// sent to nobody: neither the pages nor the mail to the old address tell the two apart.
pub fn change_email(tx: &mut Tx<'_>, user: UserId, email: &Email) -> Result<EmailChange> {
    let make = || token::random().map_err(|e| crate::error::Error::Internal(e.to_string()));
    let (confirm_token, undo_token) = (make()?, make()?);
    let taken = store::user_by_email(tx.conn, &email.key())?.is_some_and(|known| known.id != user);
    store::void_links(tx, user, &[OneTimePurpose::ChangeEmail, OneTimePurpose::ResetPassword])?;
    let old = store::email_of(tx.conn, user)?;
    let mut keep = |purpose, address: &str, token: &str, life| {
        store::insert_one_time_link(tx, purpose, Some(user), Some(address), &token::digest(token), life)
    };
    keep(OneTimePurpose::ChangeEmail, email.as_str(), &confirm_token, limits::CONFIRM_LIFE)?;
    if let Some(old) = &old {
        keep(OneTimePurpose::UndoEmail, old, &undo_token, limits::UNDO_LIFE)?;
    }
    Ok(EmailChange { confirm_token, undo: old.map(|old| (old, undo_token)), taken })
}

/// A link that makes its opener the owner; only while there is no admin.
pub fn offer_first_run(tx: &mut Tx<'_>) -> Result<Option<String>> {
    if !store::first_run_open(tx.conn)? {
        return Ok(None);
    }
    let token = token::random().map_err(|e| crate::error::Error::Internal(e.to_string()))?;
    store::void_first_run(tx)?;
    store::insert_one_time_link(
        tx,
        OneTimePurpose::FirstRun,
        None,
        None,
        &token::digest(&token),
        limits::CONFIRM_LIFE,
    )?;
    Ok(Some(token))
}

pub fn first_run_link_works(conn: &mut Conn, link: &str, now: Moment) -> DbResult<bool> {
    Ok(store::first_run_open(conn)?
        && store::one_time_link_works(conn, OneTimePurpose::FirstRun, &token::digest(link), now)?)
}

#[derive(Debug)]
pub enum FirstRun {
    Owner { session: String },
    NameTaken,
    EmailTaken,
    Invalid,
}

/// Makes the owner's account and signs them in.
pub fn first_run(tx: &mut Tx<'_>, link: &str, new: NewUser, caller: &Caller) -> Result<FirstRun> {
    if !first_run_link_works(tx.conn, link, tx.now)? {
        return Ok(FirstRun::Invalid);
    }
    Ok(match make_user(tx, NewUser { role: Role::Admin, ..new })? {
        UserMade::Made(id) => {
            store::take_one_time_link(tx, OneTimePurpose::FirstRun, &token::digest(link))?;
            FirstRun::Owner { session: sign_in(tx, id, caller)? }
        }
        UserMade::NameTaken => FirstRun::NameTaken,
        UserMade::EmailTaken => FirstRun::EmailTaken,
    })
}

/// What a person says of themselves.
pub struct Profile {
    pub display_name: DisplayName,
    pub bio_md: String,
    pub bio_html: crate::kernel::safe_html::SafeHtml,
    pub signature: Option<String>,
}

pub fn update_profile(tx: &mut Tx<'_>, user: UserId, profile: Profile) -> Result<()> {
    store::update_profile(tx, user, &profile)?;
    tx.append(Some(user), Fact::UserProfileChanged { user })?;
    Ok(())
}

/// Gives somebody another role; sessions opened under the old one end with it. Moderation decides and logs.
pub fn set_role(tx: &mut Tx<'_>, actor: UserId, user: UserId, role: Role, caller: &Caller) -> Result<()> {
    store::set_role(tx, user, role)?;
    store::end_sessions(tx, user, None)?;
    note(tx, AccountAct::RoleChanged, Some(actor), user, caller)?;
    tx.append(Some(actor), Fact::UserRoleChanged { user, role })?;
    Ok(())
}

#[derive(Debug)]
pub enum ApiTokenMade {
    Made(String),
    TooMany,
}

pub fn make_api_token(tx: &mut Tx<'_>, user: UserId, name: &str, caller: &Caller) -> Result<ApiTokenMade> {
    if store::tokens_of(tx.conn, user)?.len() as i64 >= limits::MAX_TOKENS {
        return Ok(ApiTokenMade::TooMany);
    }
    // The prefix lets secret scanners recognise one that leaked.
    let token =
        format!("loggia_{}", token::random().map_err(|e| crate::error::Error::Internal(e.to_string()))?);
    store::insert_api_token(tx, user, name, &token::digest(&token))?;
    note(tx, AccountAct::TokenMade, Some(user), user, caller)?;
    Ok(ApiTokenMade::Made(token))
}

pub fn revoke_api_token(tx: &mut Tx<'_>, user: UserId, id: i64, caller: &Caller) -> DbResult<bool> {
    let gone = store::revoke_api_token(tx, user, id)?;
    if gone {
        note(tx, AccountAct::TokenRevoked, Some(user), user, caller)?;
    }
    Ok(gone)
}

/// Empties an account for good: what remains is a number, under which its posts and points stay. Only a part of
/// what leaving takes; see [`crate::privacy::erase`].
pub fn erase(tx: &mut Tx<'_>, actor: Option<UserId>, user: UserId) -> DbResult<()> {
    store::erase(tx, user)?;
    // Without the address: it would be the person's own again.
    note(tx, AccountAct::Erased, actor, user, &Caller::default())?;
    tx.append(actor, Fact::UserErased { user })?;
    Ok(())
}

/// Keeps a person out until then; lifted when `None`. Their sessions end at once. Moderation decides and logs.
pub fn set_suspended(tx: &mut Tx<'_>, user: UserId, until: Option<Moment>) -> DbResult<()> {
    store::set_suspended(tx, user, until)?;
    if until.is_some() {
        store::end_sessions(tx, user, None)?;
    }
    Ok(())
}

/// Drops what is too old to be of use: sessions, links, waiting sign-ups, lines of the log.
pub fn sweep(tx: &mut Tx<'_>) -> DbResult<()> {
    store::sweep(tx)
}
