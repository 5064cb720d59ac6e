using System.Text;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;

namespace OrleansPs.Core.Tests.Replication;

/// <summary>Decisions and the block map as bytes.</summary>
public class ControlEntryCodecTests
{
    private static readonly ReplicaSite s_site = new("m/0/n/s1", "s1", new(1, 2, 3, new byte[8]));
    private static readonly ReplicaSite s_other = new("m/0/o/s2", "s2", new(4, 5, 6, new byte[8]));

    public static TheoryData<ControlEntry> Entries =>
    [
        new RankJoined(3, new(7, 8, 9, new byte[8]), 4, 5),
        new StepFinished(2, 1L << 50),
        new RankRetired(1, WorkerStatus.OutOfData),
        new RankRetired(1, WorkerStatus.Left),
        new RankRetired(1, WorkerStatus.Evicted),
        new RoundClosed(new(9, [new(0, 1), new(2, 3)])),
        new CertificatesDropped(8),
        new CutOpened(4),
        new CutAdopted([0, 2]),
        new CutClosed(4, true),
        new CutClosed(5, false),
        new MapChanged(6, new(7, s_site, s_other)),
        new MapChanged(6, new(7, s_site, null)),
    ];

    [Theory]
    [MemberData(nameof(Entries))]
    public void An_entry_is_read_back_as_it_was(ControlEntry entry)
    {
        var bytes = ControlEntryCodec.Encode(entry);
        var read = ControlEntryCodec.Decode(bytes);
        Assert.Equal(bytes, ControlEntryCodec.Encode(read));
        if (entry is not CutAdopted) Assert.Equal(entry, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"kind": "no such kind"}""")]
    [InlineData("""{"kind": "map", "block": 1}""")]
    public void What_is_no_entry_is_refused(string json) =>
        Assert.Throws<DataFormatException>(() => ControlEntryCodec.Decode(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void An_entry_with_more_in_it_is_refused()
    {
        var json = Encoding.UTF8.GetString(ControlEntryCodec.Encode(new CutOpened(4)));
        Assert.Throws<DataFormatException>(() => ControlEntryCodec.Decode(Encoding.UTF8.GetBytes(json.Replace("{", "{\"more\": 1,", StringComparison.Ordinal))));
    }

    [Fact]
    public void The_control_state_keeps_the_map()
    {
        var spec = Consistency.CoordinatorStory.Spec(ConsistencyPolicy.Asynchronous);
        var state = ControlState.Create(spec);
        state.BeginMap([new(0, s_site, s_other), new(2, s_other, null)], 5);
        state.Apply(new MapChanged(1, new(3, s_site, s_other)));
        foreach (var copy in new[] { ControlStateCodec.Decode(spec, ControlStateCodec.Encode(state)), state.Clone(spec) })
        {
            Assert.Equal(6, copy.MapVersion);
            Assert.Equal([new(0, s_site, s_other), new(3, s_site, s_other)], copy.Map);
        }
        Assert.Equal(new BlockSites(3, s_site, s_other), state.Map[1]);
    }
}
