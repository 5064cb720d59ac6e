using System.Reflection;

namespace OrleansPs.Protocol.Tests;

public sealed class FaultTests
{
    public static TheoryData<ParameterServerException> Errors =>
    [
        new InvalidSpecException("BlockBytes", 100, "it must be a multiple of 64."),
        new InvalidSpecException("Durability", "Replicated", "not yet."),
        new InvalidSpecException("Lease", TimeSpan.FromSeconds(3), "it must be longer."),
        new InvalidOptionsException("rank", -1, "it must be 0 to 3."),
        new InvalidOptionsException("Cut", long.MaxValue, "too many."),
        new InvalidOptionsException("Workers", null, "say how many."),
        new SpecMismatchException("m", "Seed is 1, the other's is 2"),
        new UnknownModelException("m"),
        new SnapshotNotFoundException("m", null),
        new SnapshotNotFoundException("m", 17),
        new SnapshotCorruptException("g0-c1-b2-e3", "its checksum does not fit."),
        new SnapshotAbortedException("m", 4, "a silo was lost"),
        new SnapshotStorageException("Grain storage 'x'", "no space is left.", transient: true),
        new SnapshotStorageException("Grain storage 'x'", "it is read-only.", transient: false),
        new ServerUnavailableException("ask again"),
        new ServerUnavailableException("ask again", new TimeoutException("slow")),
        new WorkerStateException("no"),
        new InvalidOptionsException("Retry", TimeSpan.FromDays(3) + TimeSpan.FromTicks(7), "it must be shorter."),
        new InvalidOptionsException("Name", "", "give one."),
        new InvalidOptionsException("Name", "i7", "it must begin with a letter."),
        new InvalidOptionsException("Cut", -5_000_000_000L, "too few."),
    ];

    [Theory]
    [MemberData(nameof(Errors))]
    public void An_error_arrives_as_what_it_was(ParameterServerException error)
    {
        var arrived = WireRig.Travel(Fault.Of(error)).ToException();

        Assert.Equal((error.GetType(), error.Message, error.IsTransient), (arrived.GetType(), arrived.Message, arrived.IsTransient));
        foreach (var property in error.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            Assert.Equal((property.Name, property.GetValue(error)), (property.Name, property.GetValue(arrived)));
    }

    public static TheoryData<object> Values => [0.5, double.NaN, 1e300, 7.0, true, PullCache.WithinBound, new Version(1, 2), 5f, (byte)3];

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_of_any_other_type_reads_as_it_did(object value)
    {
        var error = new InvalidSpecException("X", value, "no.");

        Assert.Equal(error.Message, WireRig.Travel(Fault.Of(error)).ToException().Message);
    }

    [Fact]
    public void Every_kind_is_what_some_error_travels_as() =>
        Assert.Equal(Enum.GetValues<FaultKind>(), ((IEnumerable<object[]>)Errors).Select(e => Fault.Of((ParameterServerException)e[0]).Kind).Distinct().Order());

    [Theory]
    [InlineData(true, typeof(ServerUnavailableException))]
    [InlineData(false, typeof(WorkerStateException))]
    public void An_error_of_a_newer_program_keeps_its_message_and_whether_to_try_again(bool isTransient, Type expected)
    {
        var arrived = WireRig.Travel(new Fault((FaultKind)200, ["as it is"], null, isTransient)).ToException();

        Assert.Equal((expected, "as it is", isTransient), (arrived.GetType(), arrived.Message, arrived.IsTransient));
    }

    [Fact]
    public void An_outcome_has_a_value_or_throws_its_error()
    {
        Assert.Equal(7, WireRig.Travel(new Outcome<int>(7, null)).Get());
        Assert.Throws<UnknownModelException>(() => WireRig.Travel(new Outcome<int>(0, Fault.Of(new UnknownModelException("m")))).Get());
    }
}
