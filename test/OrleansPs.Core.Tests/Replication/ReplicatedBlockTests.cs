using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;

namespace OrleansPs.Core.Tests.Replication;

/// <summary>One replica in its role: what it does on commands, entries and answers.</summary>
public class ReplicatedBlockTests
{
    [Fact]
    public void A_primary_may_acknowledge_what_its_standby_has()
    {
        var pair = new ReplicaPair();
        pair.Push();
        Assert.Equal((1, 0), (pair.Primary.Replica.LastEntry, pair.Primary.SafeEntry));
        pair.Feed();
        Assert.Equal((1, 1), (pair.Standby.Replica.LastEntry, pair.Primary.SafeEntry));
        Assert.Equal(pair.ValueOf(pair.Primary), pair.ValueOf(pair.Standby));
    }

    [Theory]
    [InlineData(BlockStatus.Ok, 1)]
    [InlineData(BlockStatus.Duplicate, 1)]
    [InlineData(BlockStatus.Fenced, 0)]
    [InlineData(BlockStatus.OtherEpoch, 0)]
    public void A_yes_rests_on_the_newest_entry_and_a_no_on_none(BlockStatus status, long entry)
    {
        var pair = new ReplicaPair();
        pair.Push();
        Assert.Equal(entry, pair.Primary.RestsOn(new(status, 0, 0, 0)));
    }

    [Fact]
    public void A_replica_heeds_what_names_its_own_life()
    {
        var life = new ReplicaLife(ReplicaPair.First.Nonce);
        Assert.True(life.IsMeant(ReplicaPair.First.Nonce));
        Assert.False(life.IsMeant(ReplicaPair.Second.Nonce));
    }

    [Fact]
    public void A_primary_that_is_told_so_goes_on_alone()
    {
        var pair = new ReplicaPair();
        pair.Push();
        Assert.Equal(ReplicaAnswer.Done, pair.Primary.Obey(pair.Command(ReplicaTask.Lead)));
        Assert.Equal(1, pair.Primary.SafeEntry);
        Assert.Empty(pair.Primary.Standbys);
    }

    [Fact]
    public void A_standby_that_is_lost_is_waited_for_until_the_coordinator_says_otherwise()
    {
        var pair = new ReplicaPair();
        pair.Push();
        pair.Primary.Acknowledged(ReplicaPair.Second.Nonce, new(StandbyStatus.Lost, 0, 0));
        Assert.True(pair.Primary.Standbys[0].IsLost);
        Assert.Equal(0, pair.Primary.SafeEntry);
        Assert.Equal(ReplicaAnswer.StandbyFailed, pair.Primary.Obey(pair.Command(ReplicaTask.Yield)));
    }

    [Fact]
    public void A_standby_takes_entries_in_order_and_once()
    {
        var pair = new ReplicaPair();
        for (var i = 0; i < 3; i++) pair.Push();
        var entries = pair.Read();
        Assert.Equal(new(StandbyStatus.Ok, 0, 0), pair.Standby.Accept(0, 0, [entries[2]]));
        Assert.Equal(new(StandbyStatus.Ok, 2, 0), pair.Standby.Accept(0, 0, [entries[0], entries[1], entries[0]]));
        Assert.Equal(new(StandbyStatus.Ok, 3, 0), pair.Standby.Accept(0, 0, entries));
        Assert.Equal(pair.ValueOf(pair.Primary), pair.ValueOf(pair.Standby));
    }

    [Theory]
    [InlineData(0, 1, StandbyStatus.NotYet)]
    [InlineData(1, 0, StandbyStatus.Lost)]
    public void A_standby_takes_entries_of_its_own_epoch_and_generation_alone(long generation, long epoch, StandbyStatus status)
    {
        var pair = new ReplicaPair();
        pair.Push();
        Assert.Equal(new(status, 0, 0), pair.Standby.Accept(generation, epoch, pair.Read()));
    }

    [Fact]
    public void Who_feeds_a_newer_epoch_is_deposed()
    {
        var pair = new ReplicaPair();
        pair.Push();
        pair.Promote();
        var reply = pair.Standby.Accept(0, 0, pair.Read());
        Assert.Equal(new(StandbyStatus.Deposed, 0, 1), reply);
        pair.Primary.Acknowledged(ReplicaPair.Second.Nonce, reply);
        Assert.Equal(ReplicaRole.Deposed, pair.Primary.Role);
        Assert.Equal(ReplicaAnswer.Lost, pair.Primary.Obey(pair.Command(ReplicaTask.Lead, epoch: 5)));
    }

    [Fact]
    public void An_old_answer_deposes_nobody()
    {
        var pair = new ReplicaPair();
        pair.Push();
        pair.Primary.Acknowledged(ReplicaPair.Second.Nonce, new(StandbyStatus.Deposed, 0, 0));
        Assert.Equal(ReplicaRole.Primary, pair.Primary.Role);
        // One that has yielded hears of the new primary by and by: it is to be its standby.
        pair.Primary.Obey(pair.Command(ReplicaTask.Yield));
        pair.Primary.Acknowledged(ReplicaPair.Second.Nonce, new(StandbyStatus.Deposed, 0, 1));
        Assert.Equal(ReplicaRole.Yielded, pair.Primary.Role);
    }

    [Fact]
    public void Two_replicas_change_roles()
    {
        var pair = new ReplicaPair();
        pair.Push();
        var command = pair.Command(ReplicaTask.Yield);
        Assert.Equal(ReplicaAnswer.Pending, pair.Primary.Obey(command));
        Assert.Equal(ReplicaRole.Yielded, pair.Primary.Role);
        pair.Feed();
        Assert.Equal(ReplicaAnswer.Done, pair.Primary.Obey(command));
        Assert.Equal(ReplicaAnswer.Done, pair.Standby.Obey(pair.Command(ReplicaTask.Lead, ReplicaPair.First, epoch: 1)));
        Assert.Equal(ReplicaAnswer.Done, pair.Primary.Obey(pair.Command(ReplicaTask.Follow, epoch: 1)));
        Assert.Equal((ReplicaRole.Standby, ReplicaRole.Primary), (pair.Primary.Role, pair.Standby.Role));
        pair.Push(pair.Standby);
        pair.Feed(pair.Standby, pair.Primary, ReplicaPair.First.Nonce);
        Assert.Equal(2, pair.Standby.SafeEntry);
        Assert.Equal(pair.ValueOf(pair.Primary), pair.ValueOf(pair.Standby));
    }

    [Fact]
    public void A_primary_follows_nobody_unless_it_has_yielded()
    {
        var pair = new ReplicaPair();
        Assert.Equal(ReplicaAnswer.Lost, pair.Primary.Obey(pair.Command(ReplicaTask.Follow, epoch: 1)));
        Assert.Equal(ReplicaRole.Primary, pair.Primary.Role);
    }

    [Fact]
    public void A_command_that_comes_late_is_refused_and_one_that_comes_twice_is_not()
    {
        var pair = new ReplicaPair();
        var late = pair.Command(ReplicaTask.Lead);
        var newer = pair.Command(ReplicaTask.Lead, ReplicaPair.Second);
        Assert.Equal(ReplicaAnswer.Done, pair.Primary.Obey(newer));
        Assert.Equal(ReplicaAnswer.Stale, pair.Primary.Obey(late));
        Assert.Equal(ReplicaAnswer.Done, pair.Primary.Obey(newer));
        Assert.Single(pair.Primary.Standbys);
    }

    [Fact]
    public void A_new_replica_is_ready_when_it_has_all_that_was_acknowledged_without_it()
    {
        var pair = new ReplicaPair();
        pair.Primary.Obey(pair.Command(ReplicaTask.Lead));
        pair.Push();
        var add = pair.Command(ReplicaTask.AddStandby, ReplicaPair.Third);
        Assert.Equal(ReplicaAnswer.Pending, pair.Primary.Obey(add));
        var state = pair.Primary.Standbys[0].State!.Value;
        pair.Push();
        // Not waited for yet, nor fed.
        Assert.Equal(2, pair.Primary.SafeEntry);
        Assert.Empty(pair.Read(ReplicaPair.Third.Nonce));
        var joiner = pair.FromState(state.Span);
        pair.Primary.StateTaken(ReplicaPair.Third.Nonce, true);
        Assert.Equal(1, pair.Primary.SafeEntry);
        Assert.Equal(ReplicaAnswer.Pending, pair.Primary.Obey(add));
        pair.Feed(pair.Primary, joiner, ReplicaPair.Third.Nonce);
        Assert.Equal(ReplicaAnswer.Done, pair.Primary.Obey(add));
        Assert.Equal(pair.ValueOf(pair.Primary), pair.ValueOf(joiner));
    }

    [Fact]
    public void A_new_replica_that_cannot_have_its_state_fails()
    {
        var pair = new ReplicaPair();
        var add = pair.Command(ReplicaTask.AddStandby, ReplicaPair.Third);
        pair.Primary.Obey(add);
        pair.Primary.StateTaken(ReplicaPair.Third.Nonce, false);
        Assert.Equal(ReplicaAnswer.StandbyFailed, pair.Primary.Obey(add));
        pair.Push();
        pair.Feed();
        Assert.Equal(1, pair.Primary.SafeEntry);
    }

    [Fact]
    public void What_waits_for_a_new_replica_is_bounded()
    {
        var pair = new ReplicaPair(elements: 1000);
        pair.Primary.Obey(pair.Command(ReplicaTask.Lead));
        pair.Primary.Obey(pair.Command(ReplicaTask.AddStandby, ReplicaPair.Third));
        // 4 KB a push, and 1 MiB at least may wait.
        for (var i = 0; i < 263; i++) pair.Push();
        Assert.True(pair.Primary.Standbys[0].IsLost);
        Assert.Equal(263, pair.Primary.SafeEntry);
    }

    [Fact]
    public void The_log_holds_what_some_standby_lacks_and_no_more()
    {
        var pair = new ReplicaPair(elements: 1000);
        for (var i = 0; i < 10; i++) pair.Push();
        // About so many bytes at a time, one entry at least.
        Assert.Single(pair.Read(bytes: 1));
        Assert.Equal(3, pair.Read(bytes: 12_000).Count);
        pair.Primary.Acknowledged(ReplicaPair.Second.Nonce, new(StandbyStatus.Ok, 4, 0));
        Assert.Equal(5, pair.Read()[0].Entry.Index);
        pair.Feed(after: 4);
        Assert.Empty(pair.Read());
    }

    [Fact]
    public void A_standby_serves_the_state_of_the_record_from_the_beginning()
    {
        // It has what its primary has: it waits for no state, and is waited for.
        var feed = new ReplicaPair().Primary.Standbys[0];
        Assert.True(feed.IsRequired);
        Assert.Null(feed.State);
    }
}
