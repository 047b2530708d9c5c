//! What every backend has to keep. Each case gets an empty store; [`cases`] names them all, so
//! that another backend runs the same ones with one more module of [`sqlite`]'s kind.

mod actions;
mod ahead;
mod alerts;
mod audit;
mod hearing;
mod inbox;
pub mod keeping;
mod leases;
mod mirror;
mod modes;
mod people;
mod redo;
mod runs;
mod settling;
mod shops;
mod state;
mod stops;
mod telling;

/// Makes a test of each case, with an expression that makes an empty store.
macro_rules! cases {
    ($empty:expr, $($module:ident: $($case:ident)*;)*) => {
        $(mod $module {
            $(#[tokio::test]
            async fn $case() {
                let (_keep, store) = $empty;
                crate::conformance::$module::$case(&store).await;
            })*
        })*
    };
}

mod sqlite {
    cases! {
        crate::sqlite::empty(),
        leases:
            a_stale_epoch_is_refused_by_every_write
            the_newest_lease_writes
            a_client_reads_nothing_of_another
            a_client_knows_no_progress_of_another
            a_client_writes_beside_another;
        audit:
            entries_come_newest_first_and_are_the_clients_alone;
        inbox:
            deliveries_come_out_in_the_order_of_arrival
            concurrent_deliveries_get_numbers_of_their_own
            a_caller_that_goes_away_does_not_matter
            a_dead_delivery_is_kept_with_its_reason
            large_bodies_come_in_smaller_lots
            the_store_says_that_it_can_be_written_to;
        mirror:
            a_row_is_written_and_raises_its_changes
            events_are_read_in_lots
            the_same_again_writes_nothing
            a_row_that_has_moved_on_stops_everything
            an_entity_may_come_twice
            a_view_shows_what_was
            skus_are_exact_as_of_a_view
            progress_is_kept_and_its_watermark_by_commit
            events_are_numbered_across_everything
            an_event_keeps_its_cause;
        state:
            values_are_read_as_of_a_view
            a_listing_is_in_the_order_of_bytes
            a_key_that_changed_is_a_conflict
            an_absent_key_that_came_is_a_conflict
            a_deleted_key_is_as_if_it_had_never_been
            a_phantom_in_a_range_is_a_conflict
            a_key_that_left_a_range_is_a_conflict
            a_range_that_was_cut_off_ends_there;
        people:
            the_newest_of_each_source_is_kept
            what_did_not_happen_tells_of_nobody
            somebody_is_found_by_id_and_by_address
            a_client_finds_nobody_of_another
            whoever_is_forgotten_stays_forgotten
            forgetting_is_told_in_the_audit_log_by_id_alone
            a_value_about_somebody_goes_with_them
            what_a_run_read_of_somebody_forgotten_is_a_conflict
            dead_deliveries_that_name_somebody_go_with_them
            nothing_of_a_person_is_shown;
        runs:
            an_install_begins_at_the_last_event
            a_run_is_committed_once
            pages_of_an_event_are_committed_once_each
            a_cursor_belongs_to_its_event
            events_may_be_passed_over
            what_does_not_exist_is_refused
            records_come_newest_first
            a_tick_is_raised_once_and_not_before_the_last_is_handled;
        ahead:
            what_is_done_ahead_is_kept_until_the_cursor_passes_it
            each_event_has_its_own_pages
            a_run_stands_for_earlier_events
            what_is_not_heard_is_passed_by
            a_tick_that_was_handled_ahead_is_handled;
        hearing:
            a_signal_is_raised_once_with_its_run
            a_schedule_counts_from_when_it_was_begun
            an_install_hears_of_itself_ahead_of_all_else
            what_is_new_comes_before_what_waits
            a_step_may_have_pages
            history_comes_in_pages_as_of_the_beginning;
        actions:
            a_proposal_waits_and_is_ready
            what_a_person_wishes_is_proposed_with_its_entry_in_the_audit_log
            a_newer_one_takes_the_place_and_the_value_before
            one_run_can_supersede_itself
            one_that_is_being_sent_is_not_superseded
            refunds_of_one_order_take_nobodys_place_and_are_sent_one_at_a_time
            a_refused_proposal_is_recorded_and_told
            the_same_action_again_is_passed_over
            one_comes_after_another_that_is_done
            one_is_told_when_what_it_comes_after_failed
            an_expired_one_is_ready_whatever_it_waits_for
            ready_is_limited_and_oldest_first
            actions_are_listed_newest_first;
        settling:
            begin_puts_up_a_fence_once
            two_are_never_sent_to_one_target
            what_is_being_sent_tells_its_request
            one_that_was_put_back_waits_until_then
            one_that_was_put_back_gives_way_to_a_newer_one
            putting_back_returns_what_was_masked
            settling_raises_changes_then_the_outcome
            settling_twice_does_nothing
            settling_on_a_mirror_that_moved_does_nothing
            settling_returns_what_was_masked
            a_fence_that_is_gone_masks_nothing
            ending_one_that_waits_leaves_the_fence_of_another
            the_backlog_counts_what_is_open;
        redo:
            a_dead_delivery_goes_back_into_the_inbox
            dead_deliveries_are_selected_by_number_and_shop
            so_many_are_taken_at_once
            what_another_site_sent_is_kept_apart_for_good
            of_what_other_sites_send_the_newest_is_kept
            what_surely_had_no_effect_is_tried_again
            what_a_newer_action_writes_is_not_tried_again
            one_that_is_tried_again_takes_the_place_of_an_older_one
            an_expiry_that_has_passed_is_lifted
            what_waits_is_discarded_with_the_reason
            what_is_unknown_is_decided_once;
        telling:
            all_that_a_delivery_led_to_is_under_its_trace
            a_trace_tells_of_deliveries_that_led_to_nothing
            the_last_delivery_of_each_topic_is_told
            what_gives_way_stays_in_its_own_trace
            a_tick_begins_a_trace
            a_run_is_found_by_its_number
            times_of_runs_come_newest_first
            actions_are_counted_in_their_commit
            counters_are_exact_under_concurrent_commits
            the_oldest_open_action_of_each_shop_is_told
            what_the_shop_showed_is_kept
            why_an_action_waits_is_told;
        modes:
            a_mode_is_remembered_and_its_change_is_audited
            a_fork_that_is_discarded_leaves_the_state_as_it_was
            a_fork_that_is_kept_takes_the_place_of_the_state
            a_fork_lasts_until_its_install_goes_live
            what_a_fork_read_is_checked_in_the_fork
            what_is_proposed_in_shadow_goes_nowhere
            failures_are_counted_in_a_row;
        stops:
            what_is_stopped_is_not_begun_and_goes_on_in_order
            what_expires_while_it_is_stopped_is_told_when_it_goes_on
            what_is_on_its_way_may_end
            actions_of_a_paused_install_wait
            stops_are_kept_and_audited_and_the_first_one_stays
            a_failing_install_is_paused_before_the_event_it_failed_on
            a_persons_stop_stays_theirs_when_the_host_pauses_as_well;
        shops:
            what_no_list_named_is_found
            silence_is_known_as_of_each_commit
            what_waits_for_a_shop_is_put_off_together
            what_is_different_about_accounts_is_raised;
        alerts:
            an_alert_is_open_once_under_its_key
            who_resolves_an_alert_is_in_the_audit_log;
        keeping:
            what_was_superseded_is_forgotten_and_the_newest_stays
            what_a_waiting_event_needs_is_kept
            what_a_run_under_way_reads_is_kept
            an_install_that_is_gone_for_long_holds_nothing_back
            what_an_install_was_to_hear_of_itself_begins_anew_if_it_is_forgotten
            nothing_is_forgotten_before_its_time
            a_deleted_key_goes_after_what_it_hid
            what_is_known_about_a_person_is_no_deleted_key
            that_deliveries_were_worked_in_is_forgotten_after_a_time
            old_skus_and_watermarks_go
            an_open_action_keeps_what_it_comes_after
            dead_deliveries_and_audit_entries_go_after_their_time
            a_batch_is_small_and_the_next_goes_on
            a_client_forgets_nothing_of_another
            nobody_is_in_quarantine_unless_restored;
    }
}
