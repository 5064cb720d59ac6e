namespace OrleansPs.Client.Tests;

public sealed class PlainPathTests
{
    [Fact]
    public async Task A_step_is_pull_push_clock()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(parameters: 3));
        var (values, gradients) = (TensorSet.For(rig.Spec), TensorSet.For(rig.Spec));
        rig.Transport.Value = 7;

        await rig.Session.PullAsync(values);
        await rig.Session.PushAsync(gradients);
        var clock = await rig.Session.ClockAsync(cursor: 32);

        Assert.All(values, v => Assert.All(v.Value.ToArray(), x => Assert.Equal(7, x)));
        Assert.Equal([0, 1, 2], rig.Transport.Of(Call.Pull).Select(r => r.Block));
        Assert.Equal([0, 1, 2], rig.Transport.Of(Call.Push).Select(r => r.Block));
        Assert.Equal(1, clock.Clock);
        Assert.Equal(new WorkerPosition(1, 1, 32) { Inherited = rig.Session.Position.Inherited }, rig.Session.Position);
    }
}
