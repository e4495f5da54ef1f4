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
}

impl Viewer {
    pub fn is_suspended(&self, now: Moment) -> bool {
        self.suspended_until.is_some_and(|until| until > now)
    }
}

pub use policy::password_problem;
pub use store::{
    ListedPerson, OneTimePurpose, PeopleFilter, PersonHead, SessionInfo, TokenInfo, display_names,
    find_person, first_run_open, list_people, names_of, one_time_link_email, person_head, profile, secret,
    sessions_of, tokens_of, viewer_by_api_token, viewer_by_session,
};

/// Notes that the session was used, at most once an hour and without making the visitor wait.
pub fn touch_session(db: &Db, viewer: &Viewer, now: Moment) {
    if let Some((session, used_at)) = viewer.session
        && now.since(used_at) > limits::SESSION_TOUCH
    {
        let db = db.clone();
        // Nobody waits for the answer; a failure costs an hour of the session's idle time.
        std::mem::drop(db.write_later(move |tx| store::touch_session(tx, session)));
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

/// Opens the link of a confirmation mail: a new account, a changed address, or the undoing of a change.
pub fn confirm(tx: &mut Tx<'_>, link: &str, browser: Option<&str>, user_agent: &str) -> Result<Confirmed> {
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
                let same_browser = browser.is_some_and(|b| token::digest(b) == waiting.browser_digest);
                let session = if same_browser { Some(start_session(tx, id, user_agent)?) } else { None };
                Confirmed::Welcome { session }
            }
            UserMade::NameTaken => Confirmed::NameTaken,
            UserMade::EmailTaken => Confirmed::Invalid,
        });
    }
    for purpose in [OneTimePurpose::ChangeEmail, OneTimePurpose::UndoEmail] {
        let Some((user, Some(email))) = store::take_one_time_link(tx, purpose, &digest)? else { continue };
        let (Some(user), Ok(email)) = (user, Email::parse(&email)) else { return Ok(Confirmed::Invalid) };
        if store::user_by_email(tx.conn, &email.key())?.is_some_and(|(owner, _)| owner != user) {
            return Ok(Confirmed::Invalid);
        }
        store::set_email(tx, user, &email)?;
        // Links sent to the address that was left must not open the account.
        store::void_links(tx, user, &[OneTimePurpose::ResetPassword, OneTimePurpose::ChangeEmail])?;
        if purpose == OneTimePurpose::UndoEmail {
            // Whoever changed the address is taken to be an intruder.
            store::end_sessions(tx, user, None)?;
            return Ok(Confirmed::AddressRestored);
        }
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

/// Ends the session a browser brought.
pub fn sign_out(tx: &mut Tx<'_>, session_token: &str) -> DbResult<()> {
    store::end_session_by_digest(tx, &token::digest(session_token))
}

/// Ends one of a person's own sessions, or all but `keep`.
pub fn end_sessions(tx: &mut Tx<'_>, user: UserId, which: Option<i64>, keep: Option<i64>) -> DbResult<()> {
    match which {
        Some(id) => store::end_session(tx, user, id),
        None => store::end_sessions(tx, user, keep),
    }
}

/// What is needed to check a password: whose it is and its hash.
pub fn credentials(conn: &mut Conn, login: &str) -> DbResult<Option<(UserId, String)>> {
    store::credentials(conn, login)
}

pub fn password_hash_of(conn: &mut Conn, user: UserId) -> DbResult<Option<String>> {
    store::password_hash_of(conn, user)
}

/// Sets a new password and ends every session but the one it was changed from.
pub fn set_password(tx: &mut Tx<'_>, user: UserId, hash: &str, keep_session: Option<i64>) -> DbResult<()> {
    store::set_password(tx, user, hash)?;
    store::end_sessions(tx, user, keep_session)?;
    store::void_links(tx, user, &[OneTimePurpose::ResetPassword])
}

/// A link to reset the password, if the address is known; older links die with it.
pub struct ResetLink {
    pub user: UserId,
    pub email: String,
    pub display_name: String,
    pub token: String,
}

pub fn ask_reset(tx: &mut Tx<'_>, email: &Email) -> Result<Option<ResetLink>> {
    let token = token::random().map_err(|e| crate::error::Error::Internal(e.to_string()))?;
    let known = store::user_by_email(tx.conn, &email.key())?;
    let user = known.as_ref().map(|(id, _)| *id);
    if let Some(user) = user {
        store::void_links(tx, user, &[OneTimePurpose::ResetPassword])?;
    }
    // Written for unknown addresses too, so that the time taken tells nothing.
    store::insert_one_time_link(
        tx,
        OneTimePurpose::ResetPassword,
        user,
        None,
        &token::digest(&token),
        limits::RESET_LIFE,
    )?;
    Ok(match known {
        Some((user, display_name)) => {
            store::email_of(tx.conn, user)?.map(|email| ResetLink { user, email, display_name, token })
        }
        None => None,
    })
}

/// Whether a reset link still works.
pub fn reset_link_works(conn: &mut Conn, link: &str, now: Moment) -> DbResult<bool> {
    store::one_time_link_works(conn, OneTimePurpose::ResetPassword, &token::digest(link), now)
}

/// Uses a reset link up: the new password holds, every session ends. `false` when the link is no longer good.
pub fn reset_password(tx: &mut Tx<'_>, link: &str, hash: &str) -> Result<bool> {
    match store::take_one_time_link(tx, OneTimePurpose::ResetPassword, &token::digest(link))? {
        Some((Some(user), _)) => {
            set_password(tx, user, hash, None)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Tokens of a wanted change of address: one for the new address, one to undo it for the old.
pub struct EmailChange {
    pub confirm_token: String,
    pub undo: Option<(String, String)>,
    /// The address has an account already: nothing is sent to it but a word about that.
    pub taken: bool,
}

pub fn change_email(tx: &mut Tx<'_>, user: UserId, email: &Email) -> Result<EmailChange> {
    let make = || token::random().map_err(|e| crate::error::Error::Internal(e.to_string()));
    let (confirm_token, undo_token) = (make()?, make()?);
    let taken = store::user_by_email(tx.conn, &email.key())?.is_some_and(|(owner, _)| owner != user);
    store::void_links(tx, user, &[OneTimePurpose::ChangeEmail, OneTimePurpose::ResetPassword])?;
    let old = store::email_of(tx.conn, user)?;
    if !taken {
        store::insert_one_time_link(
            tx,
            OneTimePurpose::ChangeEmail,
            Some(user),
            Some(email.as_str()),
            &token::digest(&confirm_token),
            limits::CONFIRM_LIFE,
        )?;
        if let Some(old) = &old {
            store::insert_one_time_link(
                tx,
                OneTimePurpose::UndoEmail,
                Some(user),
                Some(old),
                &token::digest(&undo_token),
                limits::UNDO_LIFE,
            )?;
        }
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
pub fn first_run(tx: &mut Tx<'_>, link: &str, new: NewUser, user_agent: &str) -> Result<FirstRun> {
    if !first_run_link_works(tx.conn, link, tx.now)? {
        return Ok(FirstRun::Invalid);
    }
    Ok(match make_user(tx, NewUser { role: Role::Admin, ..new })? {
        UserMade::Made(id) => {
            store::take_one_time_link(tx, OneTimePurpose::FirstRun, &token::digest(link))?;
            FirstRun::Owner { session: start_session(tx, id, user_agent)? }
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
pub fn set_role(tx: &mut Tx<'_>, actor: UserId, user: UserId, role: Role) -> Result<()> {
    store::set_role(tx, user, role)?;
    store::end_sessions(tx, user, None)?;
    tx.append(Some(actor), Fact::UserRoleChanged { user, role })?;
    Ok(())
}

#[derive(Debug)]
pub enum ApiTokenMade {
    Made(String),
    TooMany,
}

pub fn make_api_token(tx: &mut Tx<'_>, user: UserId, name: &str) -> Result<ApiTokenMade> {
    if store::tokens_of(tx.conn, user)?.len() as i64 >= limits::MAX_TOKENS {
        return Ok(ApiTokenMade::TooMany);
    }
    // The prefix lets secret scanners recognise one that leaked.
    let token =
        format!("loggia_{}", token::random().map_err(|e| crate::error::Error::Internal(e.to_string()))?);
    store::insert_api_token(tx, user, name, &token::digest(&token))?;
    Ok(ApiTokenMade::Made(token))
}

pub fn revoke_api_token(tx: &mut Tx<'_>, user: UserId, id: i64) -> DbResult<bool> {
    store::revoke_api_token(tx, user, id)
}

/// Keeps a person out until then; lifted when `None`. Their sessions end at once. Moderation decides and logs.
pub fn set_suspended(tx: &mut Tx<'_>, user: UserId, until: Option<Moment>) -> DbResult<()> {
    store::set_suspended(tx, user, until)?;
    if until.is_some() {
        store::end_sessions(tx, user, None)?;
    }
    Ok(())
}

/// Drops what is too old to be of use: sessions, links, waiting sign-ups.
pub fn sweep(tx: &mut Tx<'_>) -> DbResult<()> {
    store::sweep(tx)
}
