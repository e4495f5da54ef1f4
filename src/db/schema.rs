//! db room: the tables as diesel sees them; a test holds them against both databases.

diesel::table! {
    users (id) {
        id -> BigInt,
        username -> Text,
        username_key -> Text,
        display_name -> Text,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        email_confirmed_at -> Nullable<BigInt>,
        password_hash -> Nullable<Text>,
        role -> Text,
        signature -> Text,
        bio_md -> Text,
        bio_html -> Text,
        language -> Text,
        suspended_until -> Nullable<BigInt>,
        created_at -> BigInt,
        erased_at -> Nullable<BigInt>,
        origin_site -> Nullable<Text>,
        origin_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        token_digest -> Text,
        user_id -> BigInt,
        user_agent -> Text,
        created_at -> BigInt,
        used_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    one_time_links (id) {
        id -> BigInt,
        purpose -> Text,
        token_digest -> Text,
        user_id -> Nullable<BigInt>,
        email -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sign_ups (id) {
        id -> BigInt,
        token_digest -> Text,
        username -> Text,
        username_key -> Text,
        display_name -> Text,
        email -> Text,
        password_hash -> Text,
        browser_digest -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> BigInt,
        user_id -> BigInt,
        name -> Text,
        token_digest -> Text,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    account_log (id) {
        id -> BigInt,
        at -> BigInt,
        act -> Text,
        actor_id -> Nullable<BigInt>,
        user_id -> BigInt,
        address -> Nullable<Text>,
    }
}

diesel::table! {
    secrets (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    posts (id) {
        id -> BigInt,
        kind -> Text,
        thread_id -> BigInt,
        parent_id -> Nullable<BigInt>,
        author_id -> Nullable<BigInt>,
        author_name -> Nullable<Text>,
        body_md -> Text,
        body_html -> Text,
        body_is_html -> Bool,
        created_at -> BigInt,
        edited_at -> Nullable<BigInt>,
        editor_id -> Nullable<BigInt>,
        revision -> Integer,
        up_votes -> BigInt,
        down_votes -> BigInt,
        score -> BigInt,
        comment_count -> BigInt,
        removed -> SmallInt,
        official -> Bool,
        signature -> Nullable<Text>,
        editor_name -> Nullable<Text>,
    }
}

diesel::table! {
    threads (id) {
        id -> BigInt,
        title -> Text,
        slug -> Text,
        tags -> Text,
        excerpt -> Text,
        author_id -> Nullable<BigInt>,
        created_at -> BigInt,
        active_at -> BigInt,
        active_user_id -> Nullable<BigInt>,
        active_kind -> Text,
        answer_count -> BigInt,
        accepted_answer_id -> Nullable<BigInt>,
        accepted_at -> Nullable<BigInt>,
        official_answer_id -> Nullable<BigInt>,
        score -> BigInt,
        view_count -> BigInt,
        me_too_count -> BigInt,
        removed -> SmallInt,
        locked -> Bool,
        duplicate_of -> Nullable<BigInt>,
        escalated -> Bool,
        accepted_revision -> Nullable<Integer>,
        superseded_answer_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    revisions (id) {
        id -> BigInt,
        post_id -> BigInt,
        number -> Integer,
        title -> Nullable<Text>,
        tags -> Nullable<Text>,
        body_md -> Text,
        editor_id -> Nullable<BigInt>,
        editor_name -> Nullable<Text>,
        summary -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    removals (id) {
        id -> BigInt,
        post_id -> BigInt,
        kind -> Text,
        actor_id -> Nullable<BigInt>,
        reason -> Text,
        created_at -> BigInt,
        lifted_at -> Nullable<BigInt>,
        lifted_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    tags (id) {
        id -> BigInt,
        name -> Text,
        description_md -> Text,
        description_html -> Text,
        thread_count -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    thread_tags (tag_id, thread_id) {
        tag_id -> BigInt,
        thread_id -> BigInt,
    }
}

diesel::table! {
    votes (id) {
        id -> BigInt,
        post_id -> BigInt,
        voter_id -> Nullable<BigInt>,
        value -> SmallInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    me_toos (thread_id, user_id) {
        thread_id -> BigInt,
        user_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    follows (thread_id, user_id) {
        thread_id -> BigInt,
        user_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    drafts (id) {
        id -> BigInt,
        user_id -> BigInt,
        place -> Text,
        title -> Text,
        tags -> Text,
        body_md -> Text,
        updated_at -> BigInt,
        base_revision -> Nullable<Integer>,
    }
}

diesel::table! {
    submissions (id) {
        id -> BigInt,
        user_id -> BigInt,
        submission_key -> Text,
        post_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    flags (id) {
        id -> BigInt,
        post_id -> BigInt,
        flagger_id -> BigInt,
        reason -> Text,
        note -> Text,
        created_at -> BigInt,
        decision -> Nullable<Text>,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    suspensions (id) {
        id -> BigInt,
        user_id -> BigInt,
        actor_id -> BigInt,
        reason -> Text,
        created_at -> BigInt,
        until -> BigInt,
        lifted_at -> Nullable<BigInt>,
        lifted_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    moderation_log (id) {
        id -> BigInt,
        actor_id -> Nullable<BigInt>,
        act -> Text,
        thread_id -> Nullable<BigInt>,
        post_id -> Nullable<BigInt>,
        user_id -> Nullable<BigInt>,
        reason -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    cases (id) {
        id -> BigInt,
        thread_id -> BigInt,
        opened_by -> BigInt,
        note -> Text,
        opened_at -> BigInt,
        due_at -> BigInt,
        state -> Text,
        assignee_id -> Nullable<BigInt>,
        taken_at -> Nullable<BigInt>,
        answered_at -> Nullable<BigInt>,
        answer_id -> Nullable<BigInt>,
        closed_at -> Nullable<BigInt>,
        closed_by -> Nullable<BigInt>,
        close_reason -> Nullable<Text>,
        close_note -> Text,
    }
}

diesel::table! {
    case_notes (id) {
        id -> BigInt,
        case_id -> BigInt,
        author_id -> BigInt,
        body -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    notices (id) {
        id -> BigInt,
        user_id -> BigInt,
        event_id -> BigInt,
        kind -> Text,
        thread_id -> Nullable<BigInt>,
        post_id -> Nullable<BigInt>,
        actor_id -> Nullable<BigInt>,
        detail -> Text,
        created_at -> BigInt,
        read_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    notice_fanouts (event_id) {
        event_id -> BigInt,
        at -> BigInt,
        thread_id -> BigInt,
        post_id -> BigInt,
        actor_id -> Nullable<BigInt>,
        after_user_id -> BigInt,
        kind -> Text,
    }
}

diesel::table! {
    unsubscriptions (user_id, list) {
        user_id -> BigInt,
        list -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    mails (id) {
        id -> BigInt,
        dedupe_key -> Text,
        user_id -> Nullable<BigInt>,
        recipient -> Text,
        list -> Text,
        subject -> Text,
        body_text -> Text,
        body_html -> Text,
        unsubscribe_url -> Nullable<Text>,
        thread_id -> Nullable<BigInt>,
        message_id -> Text,
        state -> Text,
        attempts -> Integer,
        next_attempt_at -> BigInt,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        sent_at -> Nullable<BigInt>,
        post_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    events (id) {
        id -> BigInt,
        at -> BigInt,
        kind -> Text,
        actor_id -> Nullable<BigInt>,
        thread_id -> Nullable<BigInt>,
        post_id -> Nullable<BigInt>,
        user_id -> Nullable<BigInt>,
        data -> Text,
        imported -> Bool,
    }
}

diesel::table! {
    places (follower) {
        follower -> Text,
        event_id -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    standings (user_id) {
        user_id -> BigInt,
        points -> BigInt,
        question_count -> BigInt,
        answer_count -> BigInt,
        accepted_count -> BigInt,
        outcome_weight -> BigInt,
        outcome_right -> BigInt,
        outcome_count -> BigInt,
        authority -> BigInt,
    }
}

diesel::table! {
    topic_standings (user_id, tag_id) {
        user_id -> BigInt,
        tag_id -> BigInt,
        outcome_weight -> BigInt,
        outcome_right -> BigInt,
        outcome_count -> BigInt,
        solution_count -> BigInt,
        correct_count -> BigInt,
        authority -> BigInt,
    }
}

diesel::table! {
    answer_standings (post_id) {
        post_id -> BigInt,
        thread_id -> BigInt,
        evidence_right -> BigInt,
        evidence_wrong -> BigInt,
        chance -> BigInt,
        outdated -> Bool,
        superseded -> Bool,
        changed -> Bool,
        held -> Bool,
    }
}

diesel::table! {
    point_entries (id) {
        id -> BigInt,
        user_id -> BigInt,
        event_id -> BigInt,
        reason -> Text,
        points -> BigInt,
        thread_id -> Nullable<BigInt>,
        post_id -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    badge_awards (id) {
        id -> BigInt,
        user_id -> BigInt,
        badge -> Text,
        tag_id -> BigInt,
        level -> Text,
        version -> BigInt,
        event_id -> BigInt,
        post_id -> Nullable<BigInt>,
        created_at -> BigInt,
        revoked_event_id -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        cause -> Nullable<Text>,
        bound_before -> Nullable<BigInt>,
        bound_after -> Nullable<BigInt>,
    }
}

diesel::table! {
    badge_rules (id) {
        id -> BigInt,
        body -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
        activated_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    standing_states (kind, a, b) {
        kind -> BigInt,
        a -> BigInt,
        b -> BigInt,
        data -> Text,
    }
}

diesel::table! {
    imports (id) {
        id -> BigInt,
        site -> Text,
        stage -> Text,
        rows_done -> BigInt,
        started_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        report -> Text,
    }
}

diesel::table! {
    post_origins (post_id) {
        post_id -> BigInt,
        site -> Text,
        kind -> Text,
        origin_id -> BigInt,
        url -> Text,
        author_url -> Nullable<Text>,
        licence -> Text,
    }
}

diesel::table! {
    imported_rows (site, kind, origin_id) {
        site -> Text,
        kind -> Text,
        origin_id -> BigInt,
        local_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    duplicate_links (id) {
        id -> BigInt,
        thread_id -> BigInt,
        of_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    synonym_lists (id) {
        id -> BigInt,
        body -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    search_counts (id) {
        id -> BigInt,
        day -> BigInt,
        lang -> Text,
        query -> Text,
        group_key -> Text,
        searched -> BigInt,
        found_none -> BigInt,
        weak -> BigInt,
        opened -> BigInt,
        solved -> BigInt,
        visitors -> BigInt,
    }
}

diesel::table! {
    dismissed_gaps (group_key) {
        group_key -> Text,
        dismissed_at -> BigInt,
    }
}

diesel::table! {
    saved_searches (id) {
        id -> BigInt,
        user_id -> Nullable<BigInt>,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        token_digest -> Nullable<Text>,
        language -> Text,
        name -> Text,
        query -> Text,
        mode -> Text,
        since_event_id -> BigInt,
        created_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        told_day -> BigInt,
        told_count -> BigInt,
        told_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    search_tellings (search_id, thread_id, kind) {
        search_id -> BigInt,
        thread_id -> BigInt,
        kind -> Text,
        told_at -> BigInt,
    }
}

diesel::table! {
    confirmations (id) {
        id -> BigInt,
        user_id -> BigInt,
        post_id -> BigInt,
        thread_id -> BigInt,
        value -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    findings (id) {
        id -> BigInt,
        kind -> Text,
        members -> Text,
        posts -> Text,
        pieces -> BigInt,
        of_pieces -> BigInt,
        state -> Text,
        found_at -> BigInt,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<BigInt>,
        note -> Text,
    }
}

diesel::table! {
    answer_prints (post_id, print) {
        post_id -> BigInt,
        print -> BigInt,
        words -> BigInt,
    }
}

diesel::table! {
    verdicts (id) {
        id -> BigInt,
        user_id -> BigInt,
        post_id -> BigInt,
        thread_id -> BigInt,
        verdict -> Text,
        staff -> Bool,
        note -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    challenges (id) {
        id -> BigInt,
        thread_id -> BigInt,
        post_id -> BigInt,
        challenger_id -> BigInt,
        evidence_md -> Text,
        evidence_html -> Text,
        instead_id -> Nullable<BigInt>,
        state -> Text,
        created_at -> BigInt,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<BigInt>,
        decision_note -> Text,
    }
}

diesel::table! {
    appeals (id) {
        id -> BigInt,
        user_id -> BigInt,
        subject -> Text,
        subject_id -> BigInt,
        badge -> Text,
        tag_id -> BigInt,
        text_md -> Text,
        text_html -> Text,
        state -> Text,
        created_at -> BigInt,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<BigInt>,
        decision_note -> Text,
    }
}

diesel::table! {
    confirmation_sums (post_id) {
        post_id -> BigInt,
        solved -> BigInt,
        unsolved -> BigInt,
    }
}

diesel::table! {
    duplicate_candidates (id) {
        id -> BigInt,
        thread_id -> BigInt,
        candidate_id -> BigInt,
        likelihood -> BigInt,
        state -> Text,
        found_at -> BigInt,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    solution_readers (user_id, month, post_id) {
        user_id -> BigInt,
        month -> BigInt,
        post_id -> BigInt,
        readers -> BigInt,
    }
}

diesel::table! {
    worth_statements (user_id, month) {
        user_id -> BigInt,
        month -> BigInt,
        readers -> BigInt,
        people_helped -> BigInt,
        threads_solved -> BigInt,
        rate -> BigInt,
        currency -> Text,
        topics -> Text,
        made_at -> BigInt,
    }
}

diesel::table! {
    samples (id) {
        id -> BigInt,
        post_id -> BigInt,
        thread_id -> BigInt,
        chance -> BigInt,
        drawn_at -> BigInt,
        state -> Text,
        settled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sample_judgements (sample_id, user_id) {
        sample_id -> BigInt,
        user_id -> BigInt,
        judgement -> Text,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    users,
    sessions,
    one_time_links,
    api_tokens,
    sign_ups,
    account_log,
    secrets,
    posts,
    threads,
    revisions,
    removals,
    tags,
    thread_tags,
    votes,
    me_toos,
    follows,
    drafts,
    submissions,
    flags,
    suspensions,
    moderation_log,
    cases,
    case_notes,
    notices,
    notice_fanouts,
    unsubscriptions,
    mails,
    events,
    places,
    standings,
    point_entries,
    badge_awards,
    badge_rules,
    standing_states,
    topic_standings,
    answer_standings,
    imports,
    post_origins,
    imported_rows,
    duplicate_links,
    synonym_lists,
    search_counts,
    dismissed_gaps,
    saved_searches,
    search_tellings,
    confirmations,
    confirmation_sums,
    findings,
    answer_prints,
    verdicts,
    challenges,
    appeals,
    duplicate_candidates,
    solution_readers,
    worth_statements,
    samples,
    sample_judgements,
);
