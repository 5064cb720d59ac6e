using OrleansPs.Core.Consistency;
using OrleansPs.Core.Specs;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>The second copy of a control record, as a real grain.</summary>
public sealed class RecordGrainTests : IAsyncLifetime
{
    private static readonly ModelSpec s_spec = new("record") { Parameters = [new("a", [4])], Optimizer = Optimizer.Sum(), Workers = 2 };
    private TestCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await TestCluster.StartAsync(1);

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task What_was_added_is_what_a_new_term_reads()
    {
        var (grain, nonce) = await BeginAsync(term: 3);

        var added = await grain.Append(nonce, 3, 1, [Encoded(new CutOpened(1)), Encoded(new CutClosed(1, Completed: true))]);
        var raised = await grain.Raise(nonce, 4);

        Assert.Equal((RecordStatus.Ok, 2L), (added.Status, added.Index));
        Assert.Equal(1, ControlStateCodec.Decode(s_spec, raised.State).LastCut);
    }

    [Fact]
    public async Task A_copy_of_its_beginning_that_comes_late_resets_nothing()
    {
        var (grain, nonce) = await BeginAsync(term: 3);
        await grain.Append(nonce, 3, 1, [Encoded(new CutOpened(1))]);

        var again = await grain.Begin(ModelSpecJson.Encode(s_spec), State(), 3);

        Assert.Equal((RecordStatus.Ok, nonce, 1L), (again.Status, again.Nonce, again.Index));
        Assert.Equal(1, ControlStateCodec.Decode(s_spec, (await grain.Raise(nonce, 3)).State).NewestCut);
    }

    [Fact]
    public async Task Whoever_was_overtaken_is_refused()
    {
        var (grain, nonce) = await BeginAsync(term: 3);
        await grain.Raise(nonce, 5);

        Assert.Equal(RecordStatus.Refused, (await grain.Append(nonce, 3, 1, [Encoded(new CutOpened(1))])).Status);
        Assert.Equal(RecordStatus.Refused, (await grain.Raise(nonce, 4)).Status);
        Assert.Equal(RecordStatus.Refused, (await grain.Begin(ModelSpecJson.Encode(s_spec), State(), 4)).Status);
    }

    [Fact]
    public async Task A_gap_and_another_activation_are_found_out()
    {
        var (grain, nonce) = await BeginAsync(term: 3);

        Assert.Equal(RecordStatus.Lost, (await grain.Append(nonce, 3, 5, [Encoded(new CutOpened(1))])).Status);
        Assert.Equal(RecordStatus.Lost, (await grain.Append(Guid.NewGuid(), 3, 1, [Encoded(new CutOpened(1))])).Status);
        await grain.Close();
        Assert.Equal(RecordStatus.Lost, (await grain.Raise(nonce, 9)).Status);
    }

    private async Task<(IRecordControl Grain, Guid Nonce)> BeginAsync(long term)
    {
        var silo = _cluster.Orleans.Silos[0].SiloAddress;
        var grain = _cluster.Grains.GetGrain<IRecordControl>(BlockKey.OfRecord(s_spec.Name, Guid.NewGuid(), silo));
        var begun = await grain.Begin(ModelSpecJson.Encode(s_spec), State(), term);
        Assert.Equal(RecordStatus.Ok, begun.Status);
        return (grain, begun.Nonce);
    }

    private static byte[] State() => ControlStateCodec.Encode(ControlState.Create(s_spec));

    private static byte[] Encoded(ControlEntry entry) => ControlEntryCodec.Encode(entry);
}
