using Microsoft.Extensions.Time.Testing;

namespace OrleansPs.Client.Tests;

public sealed class DeadlineTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_token_is_the_same_from_attempt_to_attempt_until_it_is_used_up()
    {
        using var deadline = new Deadline(_time);
        var first = deadline.Token;
        deadline.Arm(Rig.Second);
        _time.Advance(0.9 * Rig.Second);
        deadline.Disarm();
        deadline.Arm(Rig.Second);
        _time.Advance(0.9 * Rig.Second);

        Assert.Equal(first, deadline.Token);
        Assert.False(first.IsCancellationRequested);
        _time.Advance(0.1 * Rig.Second);
        Assert.True(first.IsCancellationRequested);
        deadline.Disarm();
        Assert.False(deadline.Token.IsCancellationRequested);
    }

    [Fact]
    public void Without_a_limit_time_ends_nothing()
    {
        using var deadline = new Deadline(_time);
        deadline.Arm(Rig.Second);
        deadline.Disarm();

        _time.Advance(10 * Rig.Second);

        Assert.False(deadline.Token.IsCancellationRequested);
    }

    [Fact]
    public void A_cancelled_token_stays_so_until_the_attempt_ends()
    {
        using var deadline = new Deadline(_time);
        deadline.Arm(Rig.Second);

        deadline.Cancel();
        deadline.Cancel();
        _time.Advance(2 * Rig.Second);

        Assert.True(deadline.Token.IsCancellationRequested);
        deadline.Disarm();
        Assert.False(deadline.Token.IsCancellationRequested);
    }

    [Fact]
    public void A_timer_that_fires_early_or_late_ends_no_attempt_before_its_limit()
    {
        var clock = new LooseTime();
        using var deadline = new Deadline(clock);
        deadline.Arm(Rig.Second);

        clock.Fire(at: 0.6 * Rig.Second);
        Assert.False(deadline.Token.IsCancellationRequested);
        Assert.Equal(0.4 * Rig.Second, clock.Due);
        clock.Fire(at: Rig.Second - TimeSpan.FromTicks(1));
        Assert.Equal(TimeSpan.FromMilliseconds(1), clock.Due);
        clock.Fire(at: Rig.Second);
        Assert.True(deadline.Token.IsCancellationRequested);

        deadline.Disarm();
        clock.Fire(at: 5 * Rig.Second);
        Assert.False(deadline.Token.IsCancellationRequested);
    }

    /// <summary>A clock with one timer that fires when the test says so.</summary>
    private sealed class LooseTime : TimeProvider, ITimer
    {
        private TimeSpan _now;
        private Action _fire = () => { };

        public TimeSpan Due { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _fire = () => callback(state);
            return this;
        }

        public void Fire(TimeSpan at)
        {
            _now = at;
            _fire();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime;
            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
