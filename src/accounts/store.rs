//! accounts room: its rows.
use super::{AccountAct, NewUser, Profile, Role, Viewer};
use crate::db::schema::{
    account_log, api_tokens, notices, one_time_links, secrets, sessions, sign_ups, standings, users,
};
use crate::db::{Conn, DbResult, Tx, among, among_texts};
use crate::kernel::ids::UserId;
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::kernel::names::{DisplayName, Email, Username};
use crate::kernel::slug::fold;
use crate::web::view::Cursor;
use diesel::prelude::*;
use std::net::IpAddr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OneTimePurpose {
    FirstRun,
    ResetPassword,
    ChangeEmail,
    UndoEmail,
}

impl OneTimePurpose {
    fn as_str(self) -> &'static str {
        match self {
            OneTimePurpose::FirstRun => "first_run",
            OneTimePurpose::ResetPassword => "reset_password",
            OneTimePurpose::ChangeEmail => "change_email",
            OneTimePurpose::UndoEmail => "undo_email",
        }
    }
}

type ViewerRow = (UserId, String, String, String, Option<Moment>, String);

fn viewer(
    row: ViewerRow,
    unread_notices: i64,
    session: Option<(i64, Moment)>,
    token: Option<(i64, Moment)>,
) -> Viewer {
    let (id, username, display_name, role, suspended_until, signature) = row;
    let role = Role::parse(&role).unwrap_or(Role::Customer);
    Viewer { id, username, display_name, role, suspended_until, signature, unread_notices, session, token }
}

/// Notices somebody has not read, up to the cap that is shown.
fn unread(conn: &mut Conn, user: UserId) -> DbResult<i64> {
    let unread: Vec<i64> = notices::table
        .filter(notices::user_id.eq(user))
        .filter(notices::read_at.is_null())
        .order(notices::id.desc())
        .limit(limits::COUNT_CAP)
        .select(notices::id)
        .load(conn)?;
    Ok(unread.len() as i64)
}

/// Somebody as they would act, for commands that act in their name.
pub fn viewer_by_id(conn: &mut Conn, id: UserId) -> DbResult<Option<Viewer>> {
    let row: Option<ViewerRow> = users::table
        .filter(users::id.eq(id))
        .filter(users::erased_at.is_null())
        .select((
            users::id,
            users::username,
            users::display_name,
            users::role,
            users::suspended_until,
            users::signature,
        ))
        .first(conn)
        .optional()?;
    // Nobody looks at a page: their notices need not be counted.
    Ok(row.map(|row| viewer(row, 0, None, None)))
}

/// Whose session this is, if it still lives.
pub fn viewer_by_session(conn: &mut Conn, digest: &str, now: Moment) -> DbResult<Option<Viewer>> {
    let row: Option<(i64, Moment, ViewerRow)> = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::token_digest.eq(digest))
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::used_at.gt(now.plus(-limits::SESSION_IDLE)))
        .filter(users::erased_at.is_null())
        .select((
            sessions::id,
            sessions::used_at,
            (
                users::id,
                users::username,
                users::display_name,
                users::role,
                users::suspended_until,
                users::signature,
            ),
        ))
        .first(conn)
        .optional()?;
    let Some((session, used_at, row)) = row else { return Ok(None) };
    let unread = unread(conn, row.0)?;
    Ok(Some(viewer(row, unread, Some((session, used_at)), None)))
}

/// Whose API token this is, if it was not revoked and its owner is not kept out.
pub fn viewer_by_api_token(conn: &mut Conn, digest: &str, now: Moment) -> DbResult<Option<Viewer>> {
    let row: Option<(i64, Option<Moment>, ViewerRow)> = api_tokens::table
        .inner_join(users::table.on(users::id.eq(api_tokens::user_id)))
        .filter(api_tokens::token_digest.eq(digest))
        .filter(api_tokens::revoked_at.is_null())
        .filter(users::erased_at.is_null())
        .filter(users::suspended_until.is_null().or(users::suspended_until.le(now)))
        .select((
            api_tokens::id,
            api_tokens::used_at,
            (
                users::id,
                users::username,
                users::display_name,
                users::role,
                users::suspended_until,
                users::signature,
            ),
        ))
        .first(conn)
        .optional()?;
    let Some((token, used_at, row)) = row else { return Ok(None) };
    let unread = unread(conn, row.0)?;
    Ok(Some(viewer(row, unread, None, Some((token, used_at.unwrap_or(Moment(0)))))))
}

pub fn touch_session(tx: &mut Tx<'_>, session: i64) -> DbResult<()> {
    diesel::update(sessions::table.find(session)).set(sessions::used_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}

pub fn touch_api_token(tx: &mut Tx<'_>, token: i64) -> DbResult<()> {
    diesel::update(api_tokens::table.find(token)).set(api_tokens::used_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}

/// Whether a name belongs to somebody, or (with `now`) is being confirmed by somebody.
pub fn name_is_taken(conn: &mut Conn, key: &str, now: Option<Moment>) -> DbResult<bool> {
    let user: Option<UserId> =
        users::table.filter(users::username_key.eq(key)).select(users::id).first(conn).optional()?;
    if user.is_some() {
        return Ok(true);
    }
    let Some(now) = now else { return Ok(false) };
    let waiting: Option<i64> = sign_ups::table
        .filter(sign_ups::username_key.eq(key))
        .filter(sign_ups::expires_at.gt(now))
        .select(sign_ups::id)
        .first(conn)
        .optional()?;
    Ok(waiting.is_some())
}

/// Whom an address belongs to.
#[derive(Debug, Clone, Queryable)]
pub struct AddressOwner {
    pub id: UserId,
    pub display_name: String,
    pub email: String,
}

pub fn user_by_email(conn: &mut Conn, key: &str) -> DbResult<Option<AddressOwner>> {
    Ok(users::table
        .filter(users::email_key.eq(key))
        .select((users::id, users::display_name, users::email.assume_not_null()))
        .first(conn)
        .optional()?)
}

pub fn email_of(conn: &mut Conn, user: UserId) -> DbResult<Option<String>> {
    let email: Option<Option<String>> =
        users::table.find(user).select(users::email).first(conn).optional()?;
    Ok(email.flatten())
}

pub fn insert_user(tx: &mut Tx<'_>, new: &NewUser) -> DbResult<UserId> {
    let email = new.email.as_ref();
    Ok(diesel::insert_into(users::table)
        .values((
            users::username.eq(new.username.as_str()),
            users::username_key.eq(new.username.key()),
            users::display_name.eq(new.display_name.as_str()),
            users::email.eq(email.map(|e| e.as_str().to_owned())),
            users::email_key.eq(email.map(Email::key)),
            users::email_confirmed_at.eq(email.map(|_| tx.now)),
            users::password_hash.eq(new.password_hash.as_deref()),
            users::role.eq(new.role.as_str()),
            users::created_at.eq(tx.now),
        ))
        .returning(users::id)
        .get_result(tx.conn)?)
}

pub fn insert_sign_up(
    tx: &mut Tx<'_>,
    digest: &str,
    username: &Username,
    display_name: &DisplayName,
    email: &Email,
    password_hash: &str,
    browser_digest: &str,
) -> DbResult<()> {
    diesel::insert_into(sign_ups::table)
        .values((
            sign_ups::token_digest.eq(digest),
            sign_ups::username.eq(username.as_str()),
            sign_ups::username_key.eq(username.key()),
            sign_ups::display_name.eq(display_name.as_str()),
            sign_ups::email.eq(email.as_str()),
            sign_ups::password_hash.eq(password_hash),
            sign_ups::browser_digest.eq(browser_digest),
            sign_ups::created_at.eq(tx.now),
            sign_ups::expires_at.eq(tx.now.plus(limits::CONFIRM_LIFE)),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub struct WaitingSignUp {
    pub username: String,
    pub display_name: String,
    pub email: String,
    pub password_hash: String,
    pub browser_digest: String,
}

/// Takes a waiting account out, if its link is still good.
pub fn take_sign_up(tx: &mut Tx<'_>, digest: &str) -> DbResult<Option<WaitingSignUp>> {
    let row: Option<(i64, String, String, String, String, String)> = sign_ups::table
        .filter(sign_ups::token_digest.eq(digest))
        .filter(sign_ups::expires_at.gt(tx.now))
        .select((
            sign_ups::id,
            sign_ups::username,
            sign_ups::display_name,
            sign_ups::email,
            sign_ups::password_hash,
            sign_ups::browser_digest,
        ))
        .first(tx.conn)
        .optional()?;
    let Some((id, username, display_name, email, password_hash, browser_digest)) = row else {
        return Ok(None);
    };
    diesel::delete(sign_ups::table.find(id)).execute(tx.conn)?;
    Ok(Some(WaitingSignUp { username, display_name, email, password_hash, browser_digest }))
}

/// The address a confirmation link is about, for the page with the button.
pub fn one_time_link_email(conn: &mut Conn, digest: &str, now: Moment) -> DbResult<Option<String>> {
    let waiting: Option<String> = sign_ups::table
        .filter(sign_ups::token_digest.eq(digest))
        .filter(sign_ups::expires_at.gt(now))
        .select(sign_ups::email)
        .first(conn)
        .optional()?;
    if waiting.is_some() {
        return Ok(waiting);
    }
    let email: Option<Option<String>> = one_time_links::table
        .filter(one_time_links::token_digest.eq(digest))
        .filter(
            one_time_links::purpose
                .eq_any([OneTimePurpose::ChangeEmail.as_str(), OneTimePurpose::UndoEmail.as_str()]),
        )
        .filter(one_time_links::used_at.is_null())
        .filter(one_time_links::expires_at.gt(now))
        .select(one_time_links::email)
        .first(conn)
        .optional()?;
    Ok(email.flatten())
}

pub fn insert_one_time_link(
    tx: &mut Tx<'_>,
    purpose: OneTimePurpose,
    user: Option<UserId>,
    email: Option<&str>,
    digest: &str,
    life: i64,
) -> DbResult<()> {
    diesel::insert_into(one_time_links::table)
        .values((
            one_time_links::purpose.eq(purpose.as_str()),
            one_time_links::token_digest.eq(digest),
            one_time_links::user_id.eq(user),
            one_time_links::email.eq(email),
            one_time_links::created_at.eq(tx.now),
            one_time_links::expires_at.eq(tx.now.plus(life)),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn one_time_link_works(
    conn: &mut Conn,
    purpose: OneTimePurpose,
    digest: &str,
    now: Moment,
) -> DbResult<bool> {
    let found: Option<Option<UserId>> = one_time_links::table
        .filter(one_time_links::token_digest.eq(digest))
        .filter(one_time_links::purpose.eq(purpose.as_str()))
        .filter(one_time_links::used_at.is_null())
        .filter(one_time_links::expires_at.gt(now))
        .select(one_time_links::user_id)
        .first(conn)
        .optional()?;
    Ok(found.is_some_and(|user| user.is_some() || purpose == OneTimePurpose::FirstRun))
}

/// A link that was used up: whom and what address it is about.
#[derive(Debug, Clone, Queryable)]
pub struct TakenLink {
    pub id: i64,
    pub user: Option<UserId>,
    pub email: Option<String>,
}

/// Uses a link up. A second use finds nothing.
pub fn take_one_time_link(
    tx: &mut Tx<'_>,
    purpose: OneTimePurpose,
    digest: &str,
) -> DbResult<Option<TakenLink>> {
    let taken: Option<TakenLink> = one_time_links::table
        .filter(one_time_links::token_digest.eq(digest))
        .filter(one_time_links::purpose.eq(purpose.as_str()))
        .filter(one_time_links::used_at.is_null())
        .filter(one_time_links::expires_at.gt(tx.now))
        .select((one_time_links::id, one_time_links::user_id, one_time_links::email))
        .first(tx.conn)
        .optional()?;
    if let Some(taken) = &taken {
        diesel::update(one_time_links::table.find(taken.id))
            .set(one_time_links::used_at.eq(tx.now))
            .execute(tx.conn)?;
    }
    Ok(taken)
}

/// Takes back every offer to undo a change of address that was made after the link `id`.
pub fn void_undoing_after(tx: &mut Tx<'_>, user: UserId, id: i64) -> DbResult<()> {
    diesel::update(
        one_time_links::table
            .filter(one_time_links::user_id.eq(user))
            .filter(one_time_links::purpose.eq(OneTimePurpose::UndoEmail.as_str()))
            .filter(one_time_links::id.gt(id))
            .filter(one_time_links::used_at.is_null()),
    )
    .set(one_time_links::used_at.eq(tx.now))
    .execute(tx.conn)?;
    Ok(())
}

/// The address that waits for its link to be opened.
pub fn pending_email(conn: &mut Conn, user: UserId, now: Moment) -> DbResult<Option<String>> {
    let email: Option<Option<String>> = one_time_links::table
        .filter(one_time_links::user_id.eq(user))
        .filter(one_time_links::purpose.eq(OneTimePurpose::ChangeEmail.as_str()))
        .filter(one_time_links::used_at.is_null())
        .filter(one_time_links::expires_at.gt(now))
        .order(one_time_links::id.desc())
        .select(one_time_links::email)
        .first(conn)
        .optional()?;
    Ok(email.flatten())
}

pub fn void_links(tx: &mut Tx<'_>, user: UserId, purposes: &[OneTimePurpose]) -> DbResult<()> {
    let purposes: Vec<&str> = purposes.iter().map(|p| p.as_str()).collect();
    diesel::update(
        one_time_links::table
            .filter(one_time_links::user_id.eq(user))
            .filter(one_time_links::purpose.eq_any(purposes))
            .filter(one_time_links::used_at.is_null()),
    )
    .set(one_time_links::used_at.eq(tx.now))
    .execute(tx.conn)?;
    Ok(())
}

pub fn void_first_run(tx: &mut Tx<'_>) -> DbResult<()> {
    diesel::delete(
        one_time_links::table.filter(one_time_links::purpose.eq(OneTimePurpose::FirstRun.as_str())),
    )
    .execute(tx.conn)?;
    Ok(())
}

/// Whether the house has no owner yet.
pub fn first_run_open(conn: &mut Conn) -> DbResult<bool> {
    Ok(!another_admin(conn, UserId(0))?)
}

/// Whether there is an admin beside `user`.
pub fn another_admin(conn: &mut Conn, user: UserId) -> DbResult<bool> {
    let admin: Option<UserId> = users::table
        .filter(users::role.eq(Role::Admin.as_str()))
        .filter(users::erased_at.is_null())
        .filter(users::id.ne(user))
        .select(users::id)
        .first(conn)
        .optional()?;
    Ok(admin.is_some())
}

pub fn insert_session(tx: &mut Tx<'_>, user: UserId, digest: &str, user_agent: &str) -> DbResult<()> {
    let user_agent: String = user_agent.chars().filter(|c| !c.is_control()).take(200).collect();
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_digest.eq(digest),
            sessions::user_id.eq(user),
            sessions::user_agent.eq(user_agent),
            sessions::created_at.eq(tx.now),
            sessions::used_at.eq(tx.now),
            sessions::expires_at.eq(tx.now.plus(limits::SESSION_LIFE)),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn end_session_by_digest(tx: &mut Tx<'_>, digest: &str) -> DbResult<()> {
    diesel::delete(sessions::table.filter(sessions::token_digest.eq(digest))).execute(tx.conn)?;
    Ok(())
}

pub fn end_session(tx: &mut Tx<'_>, user: UserId, id: i64) -> DbResult<()> {
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::id.eq(id)))
        .execute(tx.conn)?;
    Ok(())
}

pub fn end_sessions(tx: &mut Tx<'_>, user: UserId, keep: Option<i64>) -> DbResult<()> {
    diesel::delete(
        sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::id.ne(keep.unwrap_or(0))),
    )
    .execute(tx.conn)?;
    Ok(())
}

/// The number of this session, if it is one of `user`'s.
pub fn session_of(conn: &mut Conn, user: UserId, digest: &str) -> DbResult<Option<i64>> {
    Ok(sessions::table
        .filter(sessions::token_digest.eq(digest))
        .filter(sessions::user_id.eq(user))
        .select(sessions::id)
        .first(conn)
        .optional()?)
}

#[derive(Debug, Clone, Queryable)]
pub struct SessionInfo {
    pub id: i64,
    pub user_agent: String,
    pub created_at: Moment,
    pub used_at: Moment,
}

pub fn sessions_of(conn: &mut Conn, user: UserId, now: Moment) -> DbResult<Vec<SessionInfo>> {
    Ok(sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::expires_at.gt(now))
        .order((sessions::used_at.desc(), sessions::id.desc()))
        .limit(limits::PAGE_ROWS)
        .select((sessions::id, sessions::user_agent, sessions::created_at, sessions::used_at))
        .load(conn)?)
}

/// Whose password to check, by user name or e-mail address.
pub fn credentials(conn: &mut Conn, login: &str) -> DbResult<Option<(UserId, String)>> {
    let by_email = login.contains('@');
    let key = fold(login);
    let mut query = users::table
        .filter(users::erased_at.is_null())
        .filter(users::password_hash.is_not_null())
        .select((users::id, users::password_hash.assume_not_null()))
        .into_boxed();
    query = if by_email {
        query.filter(users::email_key.eq(key))
    } else {
        query.filter(users::username_key.eq(key))
    };
    Ok(query.first(conn).optional()?)
}

pub fn password_hash_of(conn: &mut Conn, user: UserId) -> DbResult<Option<String>> {
    let hash: Option<Option<String>> =
        users::table.find(user).select(users::password_hash).first(conn).optional()?;
    Ok(hash.flatten())
}

pub fn set_password(tx: &mut Tx<'_>, user: UserId, hash: &str) -> DbResult<()> {
    diesel::update(users::table.find(user)).set(users::password_hash.eq(hash)).execute(tx.conn)?;
    Ok(())
}

pub fn set_email(tx: &mut Tx<'_>, user: UserId, email: &Email) -> DbResult<()> {
    diesel::update(users::table.find(user))
        .set((
            users::email.eq(email.as_str()),
            users::email_key.eq(email.key()),
            users::email_confirmed_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn set_role(tx: &mut Tx<'_>, user: UserId, role: Role) -> DbResult<()> {
    diesel::update(users::table.find(user)).set(users::role.eq(role.as_str())).execute(tx.conn)?;
    Ok(())
}

pub fn set_suspended(tx: &mut Tx<'_>, user: UserId, until: Option<Moment>) -> DbResult<()> {
    diesel::update(users::table.find(user)).set(users::suspended_until.eq(until)).execute(tx.conn)?;
    Ok(())
}

pub fn update_profile(tx: &mut Tx<'_>, user: UserId, profile: &Profile) -> DbResult<()> {
    diesel::update(users::table.find(user))
        .set((
            users::display_name.eq(profile.display_name.as_str()),
            users::bio_md.eq(&profile.bio_md),
            users::bio_html.eq(profile.bio_html.as_str()),
        ))
        .execute(tx.conn)?;
    if let Some(signature) = &profile.signature {
        diesel::update(users::table.find(user)).set(users::signature.eq(signature)).execute(tx.conn)?;
    }
    Ok(())
}

#[derive(Debug, Clone, Queryable)]
pub struct TokenInfo {
    pub id: i64,
    pub name: String,
    pub created_at: Moment,
    pub used_at: Option<Moment>,
}

pub fn tokens_of(conn: &mut Conn, user: UserId) -> DbResult<Vec<TokenInfo>> {
    Ok(api_tokens::table
        .filter(api_tokens::user_id.eq(user))
        .filter(api_tokens::revoked_at.is_null())
        .order(api_tokens::id)
        .limit(limits::MAX_TOKENS)
        .select((api_tokens::id, api_tokens::name, api_tokens::created_at, api_tokens::used_at))
        .load(conn)?)
}

pub fn insert_api_token(tx: &mut Tx<'_>, user: UserId, name: &str, digest: &str) -> DbResult<()> {
    diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::user_id.eq(user),
            api_tokens::name.eq(name),
            api_tokens::token_digest.eq(digest),
            api_tokens::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn revoke_api_token(tx: &mut Tx<'_>, user: UserId, id: i64) -> DbResult<bool> {
    let gone = diesel::update(
        api_tokens::table
            .filter(api_tokens::user_id.eq(user))
            .filter(api_tokens::id.eq(id))
            .filter(api_tokens::revoked_at.is_null()),
    )
    .set(api_tokens::revoked_at.eq(tx.now))
    .execute(tx.conn)?;
    Ok(gone > 0)
}

pub fn revoke_api_tokens(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    diesel::update(
        api_tokens::table.filter(api_tokens::user_id.eq(user)).filter(api_tokens::revoked_at.is_null()),
    )
    .set(api_tokens::revoked_at.eq(tx.now))
    .execute(tx.conn)?;
    Ok(())
}

pub fn insert_log_line(
    tx: &mut Tx<'_>,
    act: AccountAct,
    actor: Option<UserId>,
    user: UserId,
    address: Option<IpAddr>,
) -> DbResult<()> {
    diesel::insert_into(account_log::table)
        .values((
            account_log::at.eq(tx.now),
            account_log::act.eq(act.as_str()),
            account_log::actor_id.eq(actor),
            account_log::user_id.eq(user),
            account_log::address.eq(address.map(|address| address.to_string())),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// One line of the log of accounts.
#[derive(Debug, Clone, Queryable)]
pub struct LogLine {
    pub id: i64,
    pub at: Moment,
    pub act: String,
    pub actor: Option<UserId>,
    pub address: Option<String>,
}

/// What happened to an account, newest first, from before line `before`.
pub fn log_page(conn: &mut Conn, user: UserId, before: Option<i64>, limit: i64) -> DbResult<Vec<LogLine>> {
    Ok(account_log::table
        .filter(account_log::user_id.eq(user))
        .filter(account_log::id.lt(before.unwrap_or(i64::MAX)))
        .order(account_log::id.desc())
        .limit(limit)
        .select((
            account_log::id,
            account_log::at,
            account_log::act,
            account_log::actor_id,
            account_log::address,
        ))
        .load(conn)?)
}

/// What stands in the place of the name of somebody who left. No name can be like it, so it is always free.
fn pseudonym(user: UserId) -> String {
    format!("~{user}")
}

/// Empties the account's own rows. Every reader knows by `erased_at` what to show instead.
pub fn erase(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    if let Some(email) = email_of(tx.conn, user)? {
        diesel::delete(sign_ups::table.filter(sign_ups::email.eq_any([fold(&email), email])))
            .execute(tx.conn)?;
    }
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user))).execute(tx.conn)?;
    diesel::delete(api_tokens::table.filter(api_tokens::user_id.eq(user))).execute(tx.conn)?;
    diesel::delete(one_time_links::table.filter(one_time_links::user_id.eq(user))).execute(tx.conn)?;
    diesel::update(
        account_log::table.filter(account_log::user_id.eq(user).or(account_log::actor_id.eq(user))),
    )
    .set(account_log::address.eq(None::<String>))
    .execute(tx.conn)?;
    diesel::update(users::table.find(user))
        .set((
            users::username.eq(pseudonym(user)),
            users::username_key.eq(pseudonym(user)),
            users::display_name.eq(""),
            users::email.eq(None::<String>),
            users::email_key.eq(None::<String>),
            users::email_confirmed_at.eq(None::<Moment>),
            users::password_hash.eq(None::<String>),
            users::role.eq(Role::Customer.as_str()),
            users::signature.eq(""),
            users::bio_md.eq(""),
            users::bio_html.eq(""),
            users::suspended_until.eq(None::<Moment>),
            users::erased_at.eq(tx.now),
            users::origin_site.eq(None::<String>),
            users::origin_id.eq(None::<i64>),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The few things other rooms need of a person found by name.
#[derive(Debug, Clone)]
pub struct PersonHead {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub role: Role,
    pub suspended_until: Option<Moment>,
}

pub fn find_person(conn: &mut Conn, username: &str) -> DbResult<Option<PersonHead>> {
    head(users::table.filter(users::username_key.eq(fold(username))).into_boxed(), conn)
}

pub fn person_head(conn: &mut Conn, user: UserId) -> DbResult<Option<PersonHead>> {
    head(users::table.filter(users::id.eq(user)).into_boxed(), conn)
}

fn head(
    query: users::BoxedQuery<'_, crate::db::MultiBackend>,
    conn: &mut Conn,
) -> DbResult<Option<PersonHead>> {
    let row: Option<(UserId, String, String, String, Option<Moment>)> = query
        .filter(users::erased_at.is_null())
        .select((users::id, users::username, users::display_name, users::role, users::suspended_until))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, username, display_name, role, suspended_until)| PersonHead {
        id,
        username,
        display_name,
        role: Role::parse(&role).unwrap_or(Role::Customer),
        suspended_until,
    }))
}

/// The names shown for these user names.
pub fn display_names(
    conn: &mut Conn,
    usernames: &[&str],
) -> DbResult<std::collections::HashMap<String, String>> {
    let rows: Vec<(String, String)> = users::table
        .filter(among_texts(users::username_key, usernames.iter().map(|name| fold(name))))
        .filter(users::erased_at.is_null())
        .select((users::username, users::display_name))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Display names by id, for pages that show a few people beside other things.
pub fn names_of(conn: &mut Conn, ids: &[UserId]) -> DbResult<std::collections::HashMap<UserId, PersonHead>> {
    let rows: Vec<(UserId, String, String, String, Option<Moment>)> = users::table
        .filter(among(users::id, ids.iter().copied()))
        .filter(users::erased_at.is_null())
        .select((users::id, users::username, users::display_name, users::role, users::suspended_until))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, username, display_name, role, suspended_until)| {
            let role = Role::parse(&role).unwrap_or(Role::Customer);
            (id, PersonHead { id, username, display_name, role, suspended_until })
        })
        .collect())
}

/// Everything the page of a person shows of the account itself.
#[derive(Debug, Clone, Queryable)]
pub struct ProfileRow {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub role: String,
    pub email: Option<String>,
    pub bio_md: String,
    pub bio_html: String,
    pub signature: String,
    pub suspended_until: Option<Moment>,
    pub created_at: Moment,
    pub origin_site: Option<String>,
    pub origin_id: Option<i64>,
}

pub fn profile(conn: &mut Conn, username: &str) -> DbResult<Option<ProfileRow>> {
    Ok(users::table
        .filter(users::username_key.eq(fold(username)))
        .filter(users::erased_at.is_null())
        .select((
            users::id,
            users::username,
            users::display_name,
            users::role,
            users::email,
            users::bio_md,
            users::bio_html,
            users::signature,
            users::suspended_until,
            users::created_at,
            users::origin_site,
            users::origin_id,
        ))
        .first(conn)
        .optional()?)
}

#[derive(Debug, Clone, Queryable)]
pub struct ListedPerson {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub role: String,
    pub email: Option<String>,
    pub email_confirmed_at: Option<Moment>,
    pub suspended_until: Option<Moment>,
    pub created_at: Moment,
    pub points: Option<i64>,
    pub answer_count: Option<i64>,
    pub accepted_count: Option<i64>,
}

/// What a list of people is cut down to and ordered by.
#[derive(Debug, Clone, Default)]
pub struct PeopleFilter {
    /// Beginning of a folded user name.
    pub prefix: String,
    pub role: Option<Role>,
    pub by_points: bool,
}

/// One page of people and where the next begins.
pub fn list_people(
    conn: &mut Conn,
    filter: &PeopleFilter,
    after: Option<Cursor>,
) -> DbResult<(Vec<ListedPerson>, Option<Cursor>)> {
    let columns = (
        users::id,
        users::username,
        users::display_name,
        users::role,
        users::email,
        users::email_confirmed_at,
        users::suspended_until,
        users::created_at,
        standings::points.nullable(),
        standings::answer_count.nullable(),
        standings::accepted_count.nullable(),
    );
    let limit = limits::PAGE_ROWS;
    let mut rows: Vec<ListedPerson> = if filter.by_points && filter.prefix.is_empty() {
        // From the standings' own index: people without any points come with the newest list.
        let mut query = standings::table
            .inner_join(users::table.on(users::id.eq(standings::user_id)))
            .filter(users::erased_at.is_null())
            .into_boxed();
        if let Some(at) = after {
            query = query.filter(
                standings::points
                    .lt(at.key)
                    .or(standings::points.eq(at.key).and(standings::user_id.lt(at.id))),
            );
        }
        query
            .order((standings::points.desc(), standings::user_id.desc()))
            .limit(limit + 1)
            .select((
                users::id,
                users::username,
                users::display_name,
                users::role,
                users::email,
                users::email_confirmed_at,
                users::suspended_until,
                users::created_at,
                standings::points.nullable(),
                standings::answer_count.nullable(),
                standings::accepted_count.nullable(),
            ))
            .load(conn)?
    } else {
        let mut query = users::table
            .left_join(standings::table.on(standings::user_id.eq(users::id)))
            .filter(users::erased_at.is_null())
            .into_boxed();
        if !filter.prefix.is_empty() {
            // A range on the key's index; LIKE differs between the databases.
            let low = fold(&filter.prefix);
            let high = format!("{low}\u{10ffff}");
            query = query.filter(users::username_key.ge(low)).filter(users::username_key.lt(high));
        }
        if let Some(role) = filter.role {
            query = query.filter(users::role.eq(role.as_str()));
        }
        if let Some(at) = after {
            query = query.filter(users::id.lt(at.id));
        }
        query.order(users::id.desc()).limit(limit + 1).select(columns).load(conn)?
    };
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(0));
    let next = if more {
        rows.last().map(|row| Cursor { key: row.points.unwrap_or(0), id: row.id.0 })
    } else {
        None
    };
    Ok((rows, next))
}

/// A secret of the site, made at its first use and shared by all nodes.
pub fn secret(tx: &mut Tx<'_>, name: &str) -> crate::error::Result<String> {
    let known: Option<String> = secrets::table.find(name).select(secrets::value).first(tx.conn).optional()?;
    if let Some(value) = known {
        return Ok(value);
    }
    let value = crate::kernel::token::random().map_err(|e| crate::error::Error::Internal(e.to_string()))?;
    diesel::insert_into(secrets::table)
        .values((secrets::name.eq(name), secrets::value.eq(&value)))
        .execute(tx.conn)?;
    Ok(value)
}

pub fn sweep(tx: &mut Tx<'_>) -> DbResult<()> {
    let idle = tx.now.plus(-limits::SESSION_IDLE);
    diesel::delete(sessions::table.filter(sessions::expires_at.lt(tx.now).or(sessions::used_at.lt(idle))))
        .execute(tx.conn)?;
    diesel::delete(sign_ups::table.filter(sign_ups::expires_at.lt(tx.now))).execute(tx.conn)?;
    // Kept a while after their end, so that an old link can be told from an invented one in the log.
    let old = tx.now.plus(-limits::UNDO_LIFE);
    diesel::delete(one_time_links::table.filter(one_time_links::expires_at.lt(old))).execute(tx.conn)?;
    let past = tx.now.plus(-limits::ACCOUNT_LOG_LIFE);
    diesel::delete(account_log::table.filter(account_log::at.lt(past))).execute(tx.conn)?;
    Ok(())
}
