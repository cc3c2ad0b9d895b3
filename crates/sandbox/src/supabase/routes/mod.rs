//! The endpoints of Auth.

mod admin;
mod body;
mod invite;
mod open;
mod token;
mod user;

use actix_web::web;

pub(super) fn all(config: &mut web::ServiceConfig) {
    config
        .configure(open::routes)
        .configure(token::routes)
        .configure(user::routes)
        .configure(invite::routes)
        .configure(admin::routes);
}
