//! exchange room: the people in a file of JSON lines.
use super::Book;
use super::lines::Fields;
use crate::accounts::Role;
use crate::db::schema::users;
use crate::exchange::Result;
use crate::exchange::text::{self, Shown};
use crate::exchange::xml::Reason;
use crate::kernel::ids::UserId;
use crate::ledger::Fact;
use diesel::prelude::*;

impl Book<'_> {
    pub fn user(&mut self, line: Fields, bio: Shown) -> Result<std::result::Result<(), Reason>> {
        let at = match line.at() {
            Ok(at) => at.unwrap_or(self.run.options.now),
            Err(reason) => return Ok(Err(reason)),
        };
        let (Some(origin), Some(name)) = (line.id, line.name) else {
            return Ok(Err("a user needs id and name".into()));
        };
        if self.users.contains_key(&origin) {
            return Ok(Err("this id came before".into()));
        }
        let role = match line.role.as_deref().map(Role::parse) {
            None => Role::Customer,
            Some(Some(role)) => role,
            Some(None) => return Ok(Err("an unknown role".into())),
        };
        let (username, username_key) = self.free_name(&name, origin)?;
        let email = self.free_email(line.email)?;
        let confirmed = email.is_some().then_some(at);
        let display = text::display_name(line.display_name.as_deref().unwrap_or(&name), origin);
        let user: UserId = diesel::insert_into(users::table)
            .values((
                users::username.eq(username),
                users::username_key.eq(username_key),
                users::display_name.eq(display),
                users::email_key.eq(email.as_deref().map(text::fold)),
                users::email.eq(email),
                users::email_confirmed_at.eq(confirmed),
                users::role.eq(role.as_str()),
                users::signature.eq(text::line(line.signature.as_deref().unwrap_or_default(), 200)),
                users::bio_md.eq(line.bio.unwrap_or_default()),
                users::bio_html.eq(bio.html),
                users::created_at.eq(at),
            ))
            .returning(users::id)
            .get_result(&mut self.run.conn)?;
        self.users.insert(origin, user);
        self.became("user", origin, user.0)?;
        self.run.facts.push((at, Some(user), Fact::UserJoined { user }));
        Ok(Ok(()))
    }

    fn free_name(&mut self, name: &str, origin: i64) -> Result<(String, String)> {
        let mut attempt = 0;
        loop {
            // A name as it stands, if it is one; made fit otherwise.
            let name = text::username(name, origin, attempt);
            let key = text::fold(&name);
            let found = users::table.filter(users::username_key.eq(&key));
            let there: bool = diesel::select(diesel::dsl::exists(found)).get_result(&mut self.run.conn)?;
            if !there {
                return Ok((name, key));
            }
            attempt += 1;
        }
    }

    /// The address, unless it is none or somebody has it already: then the person has none.
    fn free_email(&mut self, email: Option<String>) -> Result<Option<String>> {
        let Some(email) = email.map(|e| e.trim().to_owned()).filter(|e| !e.is_empty()) else {
            return Ok(None);
        };
        let shaped = email.len() <= 254
            && email.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !domain.contains('@')
            })
            && !email.contains(|c: char| {
                c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';')
            });
        if !shaped {
            self.run.note("people whose address is none", 1);
            return Ok(None);
        }
        let found = users::table.filter(users::email_key.eq(text::fold(&email)));
        let there: bool = diesel::select(diesel::dsl::exists(found)).get_result(&mut self.run.conn)?;
        self.run.note("people whose address somebody else has", u64::from(there));
        Ok((!there).then_some(email))
    }
}
