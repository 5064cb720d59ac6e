using Microsoft.Extensions.Time.Testing;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>Calls that are asked for again and again until they are done, and run once.</summary>
public class LongCallsTests
{
    private static readonly Outcome<SnapshotInfo> s_unavailable = new(null, Fault.Of(new ServerUnavailableException("no silo")));
    private readonly FakeTimeProvider _time = new();
    private readonly LongCalls<SnapshotInfo> _calls;
    private int _ran;

    public LongCallsTests() => _calls = new(_time);

    [Fact]
    public async Task A_call_that_takes_long_is_answered_with_nothing_until_it_is_done()
    {
        var (nonce, work) = (Guid.NewGuid(), new TaskCompletionSource<Outcome<SnapshotInfo>>());
        var first = Ask(nonce, work.Task);
        Assert.False(first.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(new(null, null), await first);
        var second = Ask(nonce, work.Task);
        work.SetResult(Done(3));
        Assert.Equal(3, (await second).Value!.Cut);
        Assert.Equal(3, (await Ask(nonce, work.Task)).Value!.Cut);
        Assert.Equal(1, _ran);
    }

    [Fact]
    public async Task Two_nonces_are_two_calls()
    {
        Assert.Equal(1, (await Ask(Guid.NewGuid(), Done(1))).Value!.Cut);
        Assert.Equal(2, (await Ask(Guid.NewGuid(), Done(2))).Value!.Cut);
    }

    [Fact]
    public async Task A_refusal_is_an_answer_and_is_kept()
    {
        var nonce = Guid.NewGuid();
        var refused = new Outcome<SnapshotInfo>(null, Fault.Of(new SnapshotAbortedException("m", 1, "the disk is full")));
        Assert.Equal(FaultKind.SnapshotAborted, (await Ask(nonce, refused)).Fault!.Kind);
        Assert.Equal(FaultKind.SnapshotAborted, (await Ask(nonce, Done(1))).Fault!.Kind);
        Assert.Equal(1, _ran);
    }

    [Fact]
    public async Task What_could_not_be_tried_is_tried_again()
    {
        var nonce = Guid.NewGuid();
        Assert.Equal(FaultKind.Unavailable, (await Ask(nonce, s_unavailable)).Fault!.Kind);
        Assert.Equal(1, (await Ask(nonce, Done(1))).Value!.Cut);
        Assert.Equal(2, _ran);
    }

    [Fact]
    public async Task Tries_in_vain_push_out_no_other_result()
    {
        var (kept, tried) = (Guid.NewGuid(), Guid.NewGuid());
        await Ask(kept, Done(1));
        for (var i = 0; i < 200; i++) await Ask(tried, s_unavailable);
        await Ask(tried, Done(2));
        for (var i = 0; i < 62; i++) await Ask(Guid.NewGuid(), Done(3));
        _ran = 0;
        Assert.Equal(1, (await Ask(kept, Done(9))).Value!.Cut);
        Assert.Equal(2, (await Ask(tried, Done(9))).Value!.Cut);
        Assert.Equal(0, _ran);
    }

    [Fact]
    public async Task Two_that_hear_of_one_try_in_vain_do_not_make_the_next_one_run_twice()
    {
        var nonce = Guid.NewGuid();
        var (vain, next) = (new TaskCompletionSource<Outcome<SnapshotInfo>>(), new TaskCompletionSource<Outcome<SnapshotInfo>>());
        var again = _calls.RunAsync(nonce, () => Run(vain.Task)).ContinueWith(
            _ => Ask(nonce, next.Task), default, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).Unwrap();
        var other = Ask(nonce, vain.Task);
        vain.SetResult(s_unavailable);
        await other;
        var third = Ask(nonce, next.Task);
        next.SetResult(Done(1));
        Assert.Equal((1, 1), ((await again).Value!.Cut, (await third).Value!.Cut));
        Assert.Equal(2, _ran);
    }

    [Fact]
    public async Task The_last_results_are_kept_and_older_ones_forgotten()
    {
        Guid[] nonces = [.. Enumerable.Range(0, 65).Select(_ => Guid.NewGuid())];
        foreach (var nonce in nonces) await Ask(nonce, Done(1));
        foreach (var nonce in nonces[1..]) await Ask(nonce, Done(2));
        Assert.Equal(65, _ran);
        await Ask(nonces[0], Done(2));
        Assert.Equal(66, _ran);
    }

    [Fact]
    public async Task One_that_still_runs_is_not_forgotten()
    {
        var (nonce, work) = (Guid.NewGuid(), new TaskCompletionSource<Outcome<SnapshotInfo>>());
        var first = Ask(nonce, work.Task);
        for (var i = 0; i < 100; i++) await Ask(Guid.NewGuid(), Done(1));
        var second = Ask(nonce, work.Task);
        work.SetResult(Done(7));
        Assert.Equal((7, 7), ((await first).Value!.Cut, (await second).Value!.Cut));
        Assert.Equal(101, _ran);
    }

    private static Outcome<SnapshotInfo> Done(long cut) => new(new("m", cut, 0, 0, default, 0), null);

    private Task<Outcome<SnapshotInfo?>> Ask(Guid nonce, Outcome<SnapshotInfo> outcome) => Ask(nonce, Task.FromResult(outcome));

    private Task<Outcome<SnapshotInfo?>> Ask(Guid nonce, Task<Outcome<SnapshotInfo>> work) => _calls.RunAsync(nonce, () => Run(work));

    private Task<Outcome<SnapshotInfo>> Run(Task<Outcome<SnapshotInfo>> work)
    {
        _ran++;
        return work;
    }
}
