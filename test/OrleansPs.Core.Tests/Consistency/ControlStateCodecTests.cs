using System.Text;
using System.Text.Json.Nodes;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>
/// What a coordinator leaves to the next one. That the next one goes on with it as with the state itself is seen in
/// <see cref="RoughWorldTests"/>, where every other takeover goes through this codec.
/// </summary>
public class ControlStateCodecTests
{
    private static readonly ModelSpec s_spec = CoordinatorStory.Spec(ConsistencyPolicy.StaleSynchronous(2), workers: 2);

    [Fact]
    public void Everything_is_there_again()
    {
        var state = Sample();

        var read = ControlStateCodec.Decode(s_spec, ControlStateCodec.Encode(state));

        Assert.Equal((state.Generation, state.Round, state.MinClock, state.Index, state.NewestCut, state.LastCut, state.RestoredCut),
            (read.Generation, read.Round, read.MinClock, read.Index, read.NewestCut, read.LastCut, read.RestoredCut));
        Assert.Equal(state.OpenCut!.Cut, read.OpenCut!.Cut);
        Assert.Equal(state.Certificates, read.Certificates);
        Assert.Equal([new(3, 4, 5)], read.Ranks[0].Record.Inherited);
        Assert.Equal(ControlStateCodec.Encode(state), ControlStateCodec.Encode(read));
    }

    [Fact]
    public void Without_an_open_cut_there_is_none_again()
    {
        var state = ControlState.Create(s_spec, 3, 4);

        Assert.Null(ControlStateCodec.Decode(s_spec, ControlStateCodec.Encode(state)).OpenCut);
    }

    [Theory]
    [InlineData("generation")]
    [InlineData("ranks")]
    [InlineData("roundStart")]
    [InlineData("openCut")]
    public void A_field_that_is_missing_or_unknown_is_refused(string field)
    {
        var missing = JsonNode.Parse(ControlStateCodec.Encode(Sample()))!.AsObject();
        missing.Remove(field);
        var unknown = JsonNode.Parse(ControlStateCodec.Encode(Sample()))!.AsObject();
        unknown["more"] = 1;

        Assert.Contains($"{field} is missing", Assert.Throws<DataFormatException>(() => Read(missing)).Message, StringComparison.Ordinal);
        Assert.Contains("more is unknown", Assert.Throws<DataFormatException>(() => Read(unknown)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_of_the_wrong_kind_is_refused()
    {
        var bad = JsonNode.Parse(ControlStateCodec.Encode(Sample()))!.AsObject();
        bad["ranks"]![0]!["nonce"] = "none";

        Assert.Contains("ranks[0].nonce must be a GUID", Assert.Throws<DataFormatException>(() => Read(bad)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => ControlStateCodec.Encode(null!));
        Assert.Throws<ArgumentNullException>(() => ControlStateCodec.Decode(null!, default));
    }

    private static ControlState Read(JsonObject json) => ControlStateCodec.Decode(s_spec, Encoding.UTF8.GetBytes(json.ToJsonString()));

    private static ControlState Sample()
    {
        var manifest = new SnapshotManifest
        {
            Model = s_spec.Name, Cut = 6, Generation = 1, Round = 8, TakenAt = DateTimeOffset.UnixEpoch, Spec = s_spec, Chunks = [], Open = [],
            Ranks = [new(0, 2, WorkerStatus.Live, 8, 8, 80) { Inherited = [new(3, 4, 5)] }, new(1, 1, WorkerStatus.Evicted, 7, 7, 70)],
        };
        var state = ControlState.Restore(s_spec, manifest, 2, 9);
        state.Apply(new RankJoined(0, Guid.NewGuid(), 3, 8));
        state.Apply(new RankJoined(0, Guid.NewGuid(), 4, 8));
        state.Apply(new StepFinished(0, 90));
        state.Apply(new RoundClosed(new(8, [new(0, 4)])));
        state.Apply(new CutOpened(10));
        return state;
    }
}
