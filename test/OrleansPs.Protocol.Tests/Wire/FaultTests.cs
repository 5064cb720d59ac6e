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
        new WorkerStateException("no"),
    ];

    [Theory]
    [MemberData(nameof(Errors))]
    public void An_error_arrives_as_what_it_was(ParameterServerException error)
    {
        var arrived = WireRig.Travel(Fault.Of(error)).ToException();

        Assert.Equal((error.GetType(), error.Message, error.IsTransient), (arrived.GetType(), arrived.Message, arrived.IsTransient));
        if (error is InvalidOptionsException { Value: int or long or null } options) Assert.Equal(options.Value, ((InvalidOptionsException)arrived).Value);
        if (error is SnapshotNotFoundException none) Assert.Equal(none.Cut, ((SnapshotNotFoundException)arrived).Cut);
    }

    [Fact]
    public void An_outcome_has_a_value_or_throws_its_error()
    {
        Assert.Equal(7, WireRig.Travel(new Outcome<int>(7, null)).Get());
        Assert.Throws<UnknownModelException>(() => WireRig.Travel(new Outcome<int>(0, Fault.Of(new UnknownModelException("m")))).Get());
    }
}
