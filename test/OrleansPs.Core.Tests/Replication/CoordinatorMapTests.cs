namespace OrleansPs.Core.Tests.Replication;

/// <summary>What a coordinator makes of silos that come and go, and of what replicas answer.</summary>
public class CoordinatorMapTests
{
    [Fact]
    public void A_standby_takes_the_place_of_a_dead_primary_and_gets_a_new_standby() => new MapStory("A+B").Tell("""
        silos A B C     => -
        lead 0 done     => -
        follow 0 done   => -
        silos B C       => 0: B e1, map 2, lead 0 B
        # Its new standby is made when it knows that it leads.
        lead 0 done     => prepare 0 C
        prepared 0 C    => add 0 B C
        add 0 pending   => -
        add 0 done      => 0: B+C e1, map 3, lead 0 B C, follow 0 C
        lead 0 done     => -
        follow 0 done   => -
        """);

    [Fact]
    public void A_dead_standby_is_let_go_before_a_new_one_is_made() => new MapStory("A+B").Tell("""
        silos A B C     => -
        lead 0 done     => -
        follow 0 done   => -
        silos A C       => 0: A e0, close B, map 2, lead 0 A
        lead 0 done     => prepare 0 C
        """);

    [Fact]
    public void Nothing_is_told_before_the_record_has_it() => new MapStory("A+B", isHeld: true).Tell("""
        silos A B       => -
        lead 0 done     => -
        follow 0 done   => -
        silos B         => 0: B e1
        tick 0.3        => -
        accept          => map 2, lead 0 B
        """);

    [Fact]
    public void A_block_whose_replicas_are_all_gone_is_lost_and_said_so_once() => new MapStory("A+B C+D").Tell("""
        silos A B C D   => -
        silos C D       => 1 lost
        silos C         => -
        """);

    [Fact]
    public void A_replica_that_joins_in_vain_is_given_up_and_another_silo_tried() => new MapStory("A+B").Tell("""
        silos A B C D   => -
        lead 0 done     => -
        follow 0 done   => -
        silos A C D     => 0: A e0, close B, map 2, lead 0 A
        lead 0 done     => prepare 0 C
        prepared 0 C    => add 0 A C
        add 0 standbyfailed => close C, lead 0 A
        lead 0 done     => -
        tick 0.9        => -
        tick 0.2        => prepare 0 D
        prepared 0 none => -
        tick 1.1        => prepare 0 C
        """);

    [Fact]
    public void A_joiner_whose_silo_dies_is_given_up() => new MapStory("A+B").Tell("""
        silos A B C     => -
        lead 0 done     => -
        follow 0 done   => -
        silos A C       => 0: A e0, close B, map 2, lead 0 A
        lead 0 done     => prepare 0 C
        prepared 0 C    => add 0 A C
        silos A         => close C, lead 0 A
        lead 0 done     => -
        """);

    [Fact]
    public void An_answer_that_comes_too_late_leaves_no_replica_behind() => new MapStory("A+B").Tell("""
        silos A B C     => -
        lead 0 done     => -
        follow 0 done   => -
        silos A C       => 0: A e0, close B, map 2, lead 0 A
        lead 0 done     => prepare 0 C
        prepared 0 C    => add 0 A C
        prepared 0 C    => close C2
        """);

    [Fact]
    public void One_who_is_deposed_closes_nothing_that_the_record_may_have() => new MapStory("A+B", isHeld: true).Tell("""
        silos A B C     => -
        lead 0 done     => -
        follow 0 done   => -
        again 0 A       => -
        silos B C       => 0: B e1
        again 0 A       => -
        depose          => -
        again 0 A       => -
        again 0 B       => -
        """);

    [Fact]
    public void One_who_is_deposed_closes_what_was_made_for_it_and_never_used() => new MapStory("A+B").Tell("""
        silos A B C     => -
        lead 0 done     => -
        follow 0 done   => -
        silos A C       => 0: A e0, close B, map 2, lead 0 A
        lead 0 done     => prepare 0 C
        depose          => -
        prepared 0 C    => close C
        """);

    [Fact]
    public void A_silo_that_drains_gives_its_replicas_away_and_its_leads_first() => new MapStory("A+B").Tell("""
        silos A B C     => -
        lead 0 done     => -
        follow 0 done   => -
        # The two change roles, so that only a standby has to move.
        silos B C / A   => yield 0 A
        yield 0 pending => -
        yield 0 done    => 0: B+A e1, map 2, lead 0 B A, follow 0 A
        lead 0 done     => -
        follow 0 done   => prepare 0 C
        prepared 0 C    => add 0 B C
        add 0 done      => 0: B+C e1, close A, map 3, lead 0 B C, follow 0 C
        """);

    [Fact]
    public void Without_replication_a_block_moves_by_a_replica_that_takes_over_at_once()
    {
        var story = new MapStory("A", isReplicated: false).Tell("""
            silos A B       => -
            lead 0 done     => -
            silos B / A     => prepare 0 B
            prepared 0 B    => add 0 A B
            add 0 done      => yield 0 A
            yield 0 done    => 0: B e1, close A, map 2, lead 0 B
            """);
        Assert.False(story.IsSettled);
        story.Tell("lead 0 done => -");
        Assert.True(story.IsSettled);
    }

    [Fact]
    public void A_block_that_went_elsewhere_than_planned_stays_there()
    {
        var story = new MapStory("A", isReplicated: false).Tell("""
            silos A B C     => -
            lead 0 done     => -
            silos B C / A   => prepare 0 B
            prepared 0 none => -
            tick 1.1        => prepare 0 C
            prepared 0 C    => add 0 A C
            add 0 done      => yield 0 A
            yield 0 done    => 0: C e1, close A, map 2, lead 0 C
            lead 0 done     => -
            """);
        Assert.True(story.IsSettled);
    }

    [Fact]
    public void A_primary_that_cannot_yield_goes_on() => new MapStory("A+B").Tell("""
        silos A B C     => -
        lead 0 done     => -
        follow 0 done   => -
        silos B C / A   => yield 0 A
        yield 0 standbyfailed => lead 0 A B, follow 0 B
        """);

    [Fact]
    public void A_standby_goes_when_its_primary_says_so_is_there_itself_and_says_so_again() => new MapStory("A+B").Tell("""
        silos A B C     => -
        lead 0 done     => -
        follow 0 done   => -
        lost 0 B        => lead 0 A B
        lost 0 B        => -
        lead 0 done     => -
        lost 0 B long ago => -
        lost 0 B        => 0: A e0, close B, map 2, lead 0 A
        lead 0 done     => prepare 0 C
        """);

    [Fact]
    public void A_standby_stays_that_its_primary_has_heard_of_again() => new MapStory("A+B").Tell("""
        silos A B C     => -
        lead 0 done     => -
        follow 0 done   => -
        lost 0 B        => lead 0 A B
        lead 0 done     => -
        tick 3.5        => -
        lost 0 B        => lead 0 A B
        lead 0 done     => -
        """);

    [Fact]
    public void The_standby_of_a_primary_that_is_cut_off_takes_its_place() => new MapStory("A+B").Tell("""
        silos A B C     => -
        lead 0 done     => -
        follow 0 done   => -
        lost 0 B        => lead 0 A B
        silos B C       => 0: B e1, map 2, lead 0 B
        """);

    [Fact]
    public void A_primary_that_is_not_there_any_more_is_replaced_even_if_its_silo_lives() => new MapStory("A+B").Tell("""
        silos A B       => -
        lead 0 lost     => 0: B e1, map 2, lead 0 B
        """);

    [Fact]
    public void What_is_not_answered_is_told_again() => new MapStory("A+B").Tell("""
        silos A B       => -
        tick 0.2        => -
        tick 0.1        => lead 0 A B, follow 0 B
        lead 0 done     => -
        tick 0.3        => follow 0 B
        """);

    [Fact]
    public void A_new_term_tells_every_replica_what_the_record_has_it_be() => new MapStory("A+B C+A").Tell("""
        silos A B C     => -
        takeover        => map 1, lead 0 A B, follow 0 B, lead 1 C A2, follow 1 A2
        lead 0 done     => -
        """);

    [Fact]
    public void Before_the_silos_are_known_nothing_moves() => new MapStory("A+B").Tell("""
        tick 5          => lead 0 A B, follow 0 B
        lost 0 B        => -
        lead 0 lost     => -
        silos A B       => 0: B e1, map 2, lead 0 B
        """);
}
