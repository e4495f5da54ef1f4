//! routes room: every URL in one table: method, path, who may, handler.
//!
//! A handler behind a row reaches the database through [`crate::web::visit::Visit`] alone, which asks
//! this table's third column first; `tests/it/rights.rs` walks the table as every kind of visitor.
use crate::web::visit::{Access, RouteAccess};
use actix_web::HttpResponse;
use actix_web::guard::fn_guard;
use actix_web::http::header::ALLOW;
use actix_web::web::{self, ServiceConfig};

/// One row of the table, for tests and documentation.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
}

/// What a path answers to a method it has no row for: which ones it has (RFC 9110, 15.5.6).
fn wrong_method(path: &str) -> actix_web::Route {
    let mut methods: Vec<&str> = TABLE.iter().filter(|row| row.path == path).map(|row| row.method).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    let allowed = methods.join(", ");
    web::to(move || {
        let allowed = allowed.clone();
        async move { HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed)).finish() }
    })
}

macro_rules! routes {
    ($($method:ident $path:literal $access:ident $handler:path;)*) => {
        /// The table, row by row.
        pub const TABLE: &[Route] = &[
            $(Route { method: stringify!($method), path: $path, access: Access::$access },)*
        ];

        /// Registers every row.
        pub fn configure(config: &mut ServiceConfig) {
            let mut last: Option<(&'static str, actix_web::Resource)> = None;
            $(
                let resource = match last.take() {
                    // Rows of one path stand together, so that a wrong method is answered with 405.
                    Some((path, resource)) if path == $path => resource,
                    Some((path, resource)) => {
                        config.service(resource.default_service(wrong_method(path)));
                        web::resource($path)
                    }
                    None => web::resource($path),
                };
                let access = RouteAccess(Access::$access);
                let remember = fn_guard(move |request| {
                    request.req_data_mut().insert(access);
                    true
                });
                last = Some(($path, resource.route(routes!(@method $method).guard(remember).to($handler))));
            )*
            if let Some((path, resource)) = last {
                config.service(resource.default_service(wrong_method(path)));
            }
        }
    };
    (@method GET) => { web::route().guard(actix_web::guard::Any(actix_web::guard::Get()).or(actix_web::guard::Head())) };
    (@method POST) => { web::post() };
    (@method DELETE) => { web::delete() };
    (@method PUT) => { web::put() };
}

use crate::{
    accounts, admin, api, appeals, badges, challenges, escalation, findings, insight, moderation, notices,
    samples, search, tags, threads, verdicts, watches, web as house, worth,
};

routes! {
    // What is asked for most stands first: the router looks at one row after the other.
    GET  "/"                                     Anyone     threads::pages::lists::front;
    GET  "/threads/feed.atom"                    Anyone     house::feeds::newest;
    GET  "/threads"                              Anyone     threads::pages::lists::index;
    POST "/threads"                              SignedIn   threads::pages::write::ask;
    GET  "/threads/{id}"                         Anyone     threads::pages::show::short;
    GET  "/threads/{id}/news"                    Anyone     threads::pages::show::news;
    POST "/threads/{id}/answers"                 SignedIn   threads::pages::write::answer;
    POST "/threads/{id}/acceptance"              SignedIn   threads::pages::write::accept;
    POST "/threads/{id}/acceptance/removal"      SignedIn   threads::pages::write::unaccept;
    POST "/threads/{id}/me-too"                  SignedIn   threads::pages::write::me_too;
    POST "/threads/{id}/me-too/removal"          SignedIn   threads::pages::write::not_me_too;
    POST "/threads/{id}/follow"                  SignedIn   threads::pages::write::follow;
    POST "/threads/{id}/follow/removal"          SignedIn   threads::pages::write::unfollow;
    POST "/threads/{id}/lock"                    Moderator  moderation::pages::lock;
    POST "/threads/{id}/lock/removal"            Moderator  moderation::pages::unlock;
    POST "/threads/{id}/duplicate"               Moderator  moderation::pages::close_as_duplicate;
    POST "/threads/{id}/duplicate/removal"       Moderator  moderation::pages::reopen;
    GET  "/threads/{id}/escalate"                Moderator  escalation::pages::escalate_form;
    POST "/threads/{id}/cases"                   Moderator  escalation::pages::open;
    // After its neighbours: the words of a title may be any but theirs (see kernel::slug).
    GET  "/threads/{id}/{slug}"                  Anyone     threads::pages::show::show;

    GET  "/livez"                                Anyone     house::pages::livez;
    GET  "/readyz"                               Anyone     house::pages::readyz;
    GET  "/assets/{version}/{path:.*}"           Anyone     house::assets::show;
    GET  "/favicon.ico"                          Anyone     house::assets::favicon;
    GET  "/robots.txt"                           Anyone     house::pages::robots;
    GET  "/help"                                 Anyone     house::pages::help;
    POST "/preview"                              SignedIn   house::pages::preview;

    GET  "/tags/{name}/feed.atom"                Anyone     house::feeds::of_tag;
    GET  "/sitemap.xml"                          Anyone     house::feeds::sitemap_index;
    GET  "/sitemap-{n}.xml"                      Anyone     house::feeds::sitemap;

    GET  "/search"                               Anyone     search::pages::results;
    GET  "/search/suggestions"                   Anyone     search::pages::suggestions;
    POST "/search/suggestions"                   SignedIn   search::pages::suggestions_to_question;
    GET  "/search.atom"                          Anyone     house::feeds::of_search;
    GET  "/search/watch"                         Anyone     watches::pages::watch_form;
    POST "/search/watch"                         Anyone     watches::pages::watch;
    GET  "/searches"                             SignedIn   watches::pages::index;
    POST "/searches"                             SignedIn   watches::pages::save;
    GET  "/searches/confirm"                     Anyone     watches::pages::confirm_form;
    POST "/searches/confirm"                     Anyone     watches::pages::confirm;
    GET  "/searches/leave"                       Anyone     watches::pages::leave_form;
    POST "/searches/leave"                       Anyone     watches::pages::leave;
    POST "/searches/{id}/name"                   SignedIn   watches::pages::rename;
    POST "/searches/{id}/removal"                SignedIn   watches::pages::remove;

    GET  "/notices"                              SignedIn   notices::pages::index;
    POST "/notices/read"                         SignedIn   notices::pages::read_all;
    POST "/notices/{id}/reading"                 SignedIn   notices::pages::open;
    GET  "/settings/notices"                     SignedIn   notices::pages::settings;
    POST "/settings/notices"                     SignedIn   notices::pages::save_settings;
    GET  "/unsubscribe"                          Anyone     notices::pages::unsubscribe_form;
    POST "/unsubscribe"                          Anyone     notices::pages::unsubscribe;

    GET  "/worth"                                SignedIn   worth::pages::show;
    GET  "/worth.csv"                            SignedIn   worth::pages::file;

    GET  "/ask"                                  SignedIn   threads::pages::write::ask_form;
    GET  "/posts/{id}"                           Anyone     threads::pages::write::locate;
    GET  "/posts/{id}/comments"                  Anyone     threads::pages::write::comments;
    POST "/posts/{id}/comments"                  SignedIn   threads::pages::write::comment;
    GET  "/posts/{id}/edit"                      SignedIn   threads::pages::write::edit_form;
    GET  "/posts/{id}/revisions"                 Anyone     threads::pages::write::revisions;
    POST "/posts/{id}/revisions"                 SignedIn   threads::pages::write::edit;
    POST "/posts/{id}/vote"                      SignedIn   threads::pages::write::vote;
    POST "/posts/{id}/confirmation"              SignedIn   threads::pages::confirm::confirm;
    POST "/posts/{id}/confirmation/removal"      SignedIn   threads::pages::confirm::withdraw;
    POST "/posts/{id}/verdict"                   SignedIn   verdicts::pages::judge;
    POST "/posts/{id}/verdict/removal"           SignedIn   verdicts::pages::withdraw;
    POST "/posts/{id}/deletion"                  SignedIn   threads::pages::write::delete;
    POST "/posts/{id}/deletion/removal"          SignedIn   threads::pages::write::undelete;
    GET  "/drafts"                               SignedIn   threads::pages::write::drafts;
    POST "/drafts"                               SignedIn   threads::pages::write::save_draft;
    POST "/drafts/{id}/removal"                  SignedIn   threads::pages::write::remove_draft;
    POST "/drafts/{id}/restoration"              SignedIn   threads::pages::write::take_up_draft;
    GET  "/questions/tagged/{name}"              Anyone     threads::pages::write::imported_tag;
    GET  "/questions/{id}"                       Anyone     threads::pages::write::imported_post;
    GET  "/questions/{id}/{slug:.*}"             Anyone     threads::pages::write::imported_post;
    GET  "/q/{id}"                               Anyone     threads::pages::write::imported_post;
    GET  "/q/{id}/{name:.*}"                     Anyone     threads::pages::write::imported_post;
    GET  "/a/{id}"                               Anyone     threads::pages::write::imported_post;
    GET  "/a/{id}/{name:.*}"                     Anyone     threads::pages::write::imported_post;
    GET  "/users/{id}"                           Anyone     threads::pages::write::imported_person;
    GET  "/users/{id}/{name:.*}"                 Anyone     threads::pages::write::imported_person;
    GET  "/tags"                                 Anyone     tags::pages::index;
    GET  "/tags/{name}"                          Anyone     threads::pages::lists::tagged;
    GET  "/badges"                               Anyone     badges::pages::index;
    GET  "/badges/{id}"                          Anyone     badges::pages::show;

    GET  "/sign-up"                              Anyone     accounts::pages::sign_up_form;
    POST "/sign-up"                              Anyone     accounts::pages::sign_up;
    GET  "/sign-in"                              Anyone     accounts::pages::sign_in_form;
    POST "/sign-in"                              Anyone     accounts::pages::sign_in;
    POST "/sign-out"                             Anyone     accounts::pages::sign_out;
    GET  "/password/forgot"                      Anyone     accounts::pages::forgot_form;
    POST "/password/forgot"                      Anyone     accounts::pages::forgot;
    GET  "/password/reset"                       Anyone     accounts::pages::reset_form;
    POST "/password/reset"                       Anyone     accounts::pages::reset;
    GET  "/confirm"                              Anyone     accounts::pages::confirm_form;
    POST "/confirm"                              Anyone     accounts::pages::confirm;
    GET  "/first-run"                            Anyone     accounts::pages::first_run_form;
    POST "/first-run"                            Anyone     accounts::pages::first_run;
    GET  "/people"                               Anyone     accounts::pages::people;
    GET  "/people/{username}"                    Anyone     accounts::pages::person::show;
    GET  "/settings"                             SignedIn   accounts::pages::settings;
    POST "/settings"                             SignedIn   accounts::pages::save_settings;
    GET  "/settings/account"                     SignedIn   accounts::pages::account_settings;
    POST "/settings/account/email"               SignedIn   accounts::pages::change_email;
    POST "/settings/account/password"            SignedIn   accounts::pages::change_password;
    POST "/settings/account/data"                SignedIn   accounts::pages::leaving::data;
    POST "/settings/account/erasure"             SignedIn   accounts::pages::leaving::erase;
    GET  "/settings/tokens"                      SignedIn   accounts::pages::tokens;
    POST "/settings/tokens"                      SignedIn   accounts::pages::make_token;
    POST "/settings/tokens/{id}/removal"         SignedIn   accounts::pages::revoke_token;
    GET  "/settings/sessions"                    SignedIn   accounts::pages::sessions;
    POST "/settings/sessions/removal"            SignedIn   accounts::pages::end_other_sessions;
    POST "/settings/sessions/{id}/removal"       SignedIn   accounts::pages::end_session;

    GET  "/posts/{id}/flag"                      SignedIn   moderation::pages::flag_form;
    POST "/posts/{id}/flags"                     SignedIn   moderation::pages::flag;
    GET  "/posts/{id}/challenge"                 SignedIn   challenges::pages::form;
    POST "/posts/{id}/challenges"                SignedIn   challenges::pages::challenge;
    POST "/challenges/{id}/removal"              SignedIn   challenges::pages::withdraw;
    POST "/challenges/{id}/decision"             Moderator  challenges::pages::decide;
    GET  "/samples"                              SignedIn   samples::pages::show;
    POST "/samples/{id}/judgement"               SignedIn   samples::pages::judge;
    GET  "/appeals"                              SignedIn   appeals::pages::index;
    POST "/appeals"                              SignedIn   appeals::pages::make;
    GET  "/appeals/new"                          SignedIn   appeals::pages::form;
    POST "/appeals/{id}/removal"                 SignedIn   appeals::pages::withdraw;
    POST "/appeals/{id}/decision"                Moderator  appeals::pages::decide;
    GET  "/moderation"                           Moderator  moderation::pages::queue;
    GET  "/moderation/log"                       Moderator  moderation::pages::log;
    GET  "/moderation/findings"                  Moderator  findings::pages::index;
    POST "/findings/{id}/decision"               Moderator  findings::pages::decide;
    GET  "/moderation/challenges"                Moderator  challenges::pages::queue;
    GET  "/moderation/appeals"                   Moderator  appeals::pages::queue;
    POST "/moderation/duplicates/{id}/dismissal" Moderator  moderation::pages::dismiss_candidate;
    POST "/flags/{id}/decision"                  Moderator  moderation::pages::decide;
    POST "/posts/{id}/hiding"                    Moderator  moderation::pages::hide;
    POST "/posts/{id}/hiding/removal"            Moderator  moderation::pages::restore;
    POST "/people/{username}/suspension"         Moderator  moderation::pages::suspend;
    POST "/people/{username}/suspension/removal" Moderator  moderation::pages::unsuspend;

    GET  "/desk"                                 Staff      escalation::pages::desk;
    GET  "/desk/{id}"                            Staff      escalation::pages::case;
    POST "/cases/{id}/assignment"                Staff      escalation::pages::take;
    POST "/cases/{id}/assignment/removal"        Staff      escalation::pages::release;
    POST "/cases/{id}/answers"                   Staff      escalation::pages::answer;
    POST "/cases/{id}/notes"                     Staff      escalation::pages::note;
    POST "/cases/{id}/closure"                   Staff      escalation::pages::close;

    GET  "/admin"                                Admin      admin::pages::overview;
    GET  "/admin/people"                         Admin      admin::pages::people;
    GET  "/admin/people/{username}"              Admin      admin::pages::person;
    POST "/admin/people/{username}/sessions/removal" Admin  admin::pages::shut_out;
    POST "/admin/people/{username}/role"         Admin      admin::pages::set_role;
    GET  "/admin/mails"                          Admin      admin::pages::mails;
    POST "/admin/mails/{id}/retry"               Admin      admin::pages::retry;
    GET  "/admin/synonyms"                       Admin      admin::pages::synonyms::show;
    POST "/admin/synonyms"                       Admin      admin::pages::synonyms::save;
    GET  "/admin/badges"                         Admin      admin::pages::badges::show;
    POST "/admin/badges"                         Admin      admin::pages::badges::save;
    GET  "/admin/calibration"                    Admin      admin::pages::calibration::show;
    GET  "/admin/gaps"                           Admin      insight::pages::gaps;
    GET  "/admin/gaps.csv"                       Admin      insight::pages::file;
    POST "/admin/gaps/dismissal"                 Admin      insight::pages::dismiss;
    POST "/admin/gaps/dismissal/removal"         Admin      insight::pages::restore;

    GET  "/api/openapi.json"                     Anyone     api::openapi::show;
    GET  "/api/v1/threads"                       Anyone     api::read::threads;
    POST "/api/v1/threads"                       SignedIn   api::write::ask;
    GET  "/api/v1/threads/{id}"                  Anyone     api::read::thread;
    POST "/api/v1/threads/{id}/answers"          SignedIn   api::write::answer;
    PUT  "/api/v1/threads/{id}/me-too"           SignedIn   api::write::me_too;
    DELETE "/api/v1/threads/{id}/me-too"         SignedIn   api::write::not_me_too;
    PUT  "/api/v1/threads/{id}/follow"           SignedIn   api::write::follow;
    DELETE "/api/v1/threads/{id}/follow"         SignedIn   api::write::unfollow;
    PUT  "/api/v1/threads/{id}/acceptance"       SignedIn   api::write::accept;
    DELETE "/api/v1/threads/{id}/acceptance"     SignedIn   api::write::unaccept;
    DELETE "/api/v1/posts/{id}"                  SignedIn   api::write::delete;
    DELETE "/api/v1/posts/{id}/deletion"         SignedIn   api::write::undelete;
    GET  "/api/v1/posts/{id}/revisions"          Anyone     api::read::revisions;
    POST "/api/v1/posts/{id}/revisions"          SignedIn   api::write::edit;
    GET  "/api/v1/posts/{id}/comments"           Anyone     api::read::comments;
    POST "/api/v1/posts/{id}/comments"           SignedIn   api::write::comment;
    PUT  "/api/v1/posts/{id}/vote"               SignedIn   api::write::vote;
    PUT  "/api/v1/posts/{id}/confirmation"       SignedIn   api::write::confirm;
    DELETE "/api/v1/posts/{id}/confirmation"     SignedIn   api::write::withdraw_confirmation;
    POST "/api/v1/posts/{id}/flags"              SignedIn   api::write::flag;
    GET  "/api/v1/search"                        Anyone     api::read::find;
    GET  "/api/v1/tags"                          Anyone     api::read::tags;
    GET  "/api/v1/people/{username}"             Anyone     api::read::person;
    GET  "/api/v1/people/{username}/questions"   Anyone     api::read::questions;
    GET  "/api/v1/people/{username}/answers"     Anyone     api::read::answers;
    GET  "/api/v1/me"                            SignedIn   api::read::me;

}
