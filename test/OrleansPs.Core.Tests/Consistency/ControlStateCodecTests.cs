using System.Text;
using System.Text.Json.Nodes;
using FsCheck.Xunit;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;
using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>What a coordinator leaves to the next one.</summary>
public class ControlStateCodecTests
{
    private static readonly ConsistencyPolicy[] s_policies = [BulkSynchronous, StaleSynchronous(0), StaleSynchronous(2), Asynchronous];

    [Property(MaxTest = 40)]
    public void A_coordinator_goes_on_with_what_was_written_as_with_what_was_not(int seed)
    {
        foreach (var policy in s_policies)
        {
            var spec = CoordinatorStory.Spec(policy, workers: 3) with { BackupWorkers = Math.Abs(seed % 2) };
            var harness = new CoordinatorHarness(spec, seed);
            harness.Run(new Random(seed).Next(250));
            AssertSame(spec, harness.State, seed);
        }
    }

    [Property(MaxTest = 20)]
    public void So_it_is_with_a_model_that_was_put_back(int seed)
    {
        foreach (var policy in s_policies) AssertSame(CoordinatorStory.Spec(policy, workers: 3), Restored(policy), seed);
    }

    [Fact]
    public void The_coordinators_of_these_tests_have_something_to_say()
    {
        var spec = CoordinatorStory.Spec(BulkSynchronous, workers: 3);
        var harness = new CoordinatorHarness(spec, 1);
        harness.Run(100);
        var said = AssertSame(spec, harness.State, seed: 1, commands: 600).Said;
        foreach (var word in new[] { "joins", "clock c", "manifest", "is heard", "end" })
            Assert.Contains(said, s => s.Contains(word, StringComparison.Ordinal));
    }

    [Fact]
    public void All_that_can_be_seen_of_it_comes_back()
    {
        ControlState[] states = [Rich(), Restored(BulkSynchronous)];
        Assert.All(states, s => Assert.Equal(Telling.Of(s), Telling.Of(RoundTrip(s))));
        RankState[] ranks = [.. states.SelectMany(s => s.Ranks.Values)];
        Assert.Equal([.. Enum.GetValues<WorkerStatus>().Order()], ranks.Select(r => r.Record.Status).Distinct().Order());
        Assert.Contains(ranks, r => r.PastNonces.Count > 0);
        Assert.Contains(ranks, r => r.Record.Inherited.Count > 0);
        Assert.NotEmpty(states[0].Certificates);
    }

    [Fact]
    public void The_next_coordinator_gives_up_the_cut_that_was_open()
    {
        var state = Rich();
        state.Apply(new CutOpened(state.NewestCut + 1));
        var spec = CoordinatorStory.Spec(BulkSynchronous);
        var next = new Coordinator(spec, RoundTrip(state), blocks: 1, term: 2, TimeSpan.Zero);
        var effects = new List<CoordinatorEffect>();
        next.TakeEffects(effects);
        Assert.Equal(new CutClosed(state.NewestCut, Completed: false), Assert.IsType<AppendToRecord>(Assert.Single(effects)).Entry);
        Assert.Null(next.State.OpenCut);
        Assert.Equal(state.NewestCut, next.State.NewestCut);
    }

    [Fact]
    public void No_field_may_be_missing_or_unknown_or_come_twice_anywhere()
    {
        var whole = JsonNode.Parse(ControlStateCodec.Encode(Rich()))!;
        var places = Objects(whole).Select(o => o.GetPath()).ToArray();
        Assert.True(places.Length > 10);
        for (var place = 0; place < places.Length; place++)
        {
            foreach (var field in Objects(whole).ElementAt(place).Select(f => f.Key).ToArray())
            {
                if (field != "firstNonces") Refused(Changed(place, o => o.Remove(field)), "missing");
                Refused(Changed(place, o => o[field] = null));
                Refused(Changed(place, o => o[field] = true));
            }
            Refused(Changed(place, o => o["more"] = 1), "unknown");
        }
        Refused(ControlStateCodecText().Replace("\"round\":", "\"generation\": 1, \"round\":", StringComparison.Ordinal));

        string Changed(int place, Action<JsonObject> change)
        {
            var copy = whole.DeepClone();
            change(Objects(copy).ElementAt(place));
            return copy.ToJsonString();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{")]
    [InlineData("{} {}")]
    public void What_is_no_state_is_refused(string json) => Refused(json);

    [Fact]
    public void A_nonce_that_is_none_is_refused() => Refused(
        ControlStateCodecText().Replace(new Guid(1001, 0, 0, new byte[8]).ToString(), "nonce", StringComparison.Ordinal), "GUID");

    [Fact]
    public void What_is_missing_is_named()
    {
        Assert.Throws<ArgumentNullException>(() => ControlStateCodec.Encode(null!));
        Assert.Throws<ArgumentNullException>(() => ControlStateCodec.Decode(null!, new byte[2]));
    }

    private static CoordinatorTwins AssertSame(ModelSpec spec, ControlState state, int seed, int commands = 150)
    {
        var bytes = ControlStateCodec.Encode(state);
        var decoded = ControlStateCodec.Decode(spec, bytes);
        Assert.Equal(Encoding.UTF8.GetString(bytes), Encoding.UTF8.GetString(ControlStateCodec.Encode(decoded)));
        var twins = new CoordinatorTwins(spec, state.Clone(spec), decoded, seed);
        twins.Run(commands);
        return twins;
    }

    private static ControlState RoundTrip(ControlState state) =>
        ControlStateCodec.Decode(CoordinatorStory.Spec(BulkSynchronous), ControlStateCodec.Encode(state));

    private static string ControlStateCodecText() => Encoding.UTF8.GetString(ControlStateCodec.Encode(Rich()));

    /// <summary>A state with something in every field: restored, with ranks of every status, rounds and a cut.</summary>
    private static ControlState Rich() => new CoordinatorStory(CoordinatorStory.Spec(BulkSynchronous), Restored(BulkSynchronous)).Tell("""
        join 0 n1001    => 0 joins .3 s4 c4 q40 min4 cut9 restored5 inherits 4:s1:q10
        join 0 n1002    => 0 joins .4 s4 c4 q40 min4 cut9 restored5 inherits 4:s1:q10
        join 1          => 1 joins .3 s4 c4 q40 min4 cut9 restored5
        evict 2         => -
        clock 0         => -
        clock 1         => 0 clock c5 min5 cut9 [4:0.4,1.3], 1 clock c5 min5 cut9 [4:0.4,1.3]
        out 1           => 1 is heard min5
        join 3          => 3 joins .2 s1 c5 q10 min5 cut9 restored5 4..4
        leave 3         => 3 is heard min5
        snapshot        => cut 10 freeze 10 at 5 4..4
        frozen 10       => write 10
        wrote 10 b0     => manifest 10 at 5: 0.4 Live s5 c5 q50 inherits 4:s1:q10; 1.3 OutOfData s5 c5 q50; 2.2 Evicted s2 c2 q20; 3.2 Left s1 c5 q10 in chunk0
        manifest 10     => end 10 done
        """).State.Clone(CoordinatorStory.Spec(BulkSynchronous));

    private static ControlState Restored(ConsistencyPolicy policy) => ControlState.Restore(CoordinatorStory.Spec(policy), new SnapshotManifest
    {
        Model = "story",
        Cut = 5,
        Generation = 2,
        Round = 4,
        TakenAt = DateTimeOffset.UnixEpoch,
        Spec = CoordinatorStory.Spec(policy),
        Ranks =
        [
            new(0, 2, WorkerStatus.Live, 4, 4, 40) { Inherited = [new(4, 1, 10)] },
            new(1, 2, WorkerStatus.Live, 4, 4, 40),
            new(2, 2, WorkerStatus.Live, 2, 2, 20),
            new(3, 1, WorkerStatus.Left, 1, 1, 10),
        ],
        Chunks = [],
        Open = [],
    }, generation: 3, newestCut: 9);

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(f => Objects(f.Value)).Prepend(o),
        JsonArray a => a.SelectMany(Objects),
        _ => [],
    };

    private static void Refused(string json, string problem = "")
    {
        var refused = Assert.Throws<DataFormatException>(
            () => ControlStateCodec.Decode(CoordinatorStory.Spec(BulkSynchronous), Encoding.UTF8.GetBytes(json)));
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }
}
