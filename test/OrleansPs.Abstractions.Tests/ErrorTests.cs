namespace OrleansPs.Abstractions.Tests;

/// <summary>What each error says, and whether the same call may succeed later.</summary>
public class ErrorTests
{
    private static readonly (ParameterServerException Error, string Message, bool IsTransient)[] Errors =
    [
        (new InvalidSpecException("Workers", 0, "it must be 1 to 4096."), "Workers is 0: it must be 1 to 4096.", false),
        (new InvalidSpecException("Name", null, "rule."), "Name is missing: rule.", false),
        (new InvalidSpecException("Name", "", "rule."), "Name is '': rule.", false),
        (new InvalidSpecException("Optimizer.Lr", 0.5, "rule."), "Optimizer.Lr is 0.5: rule.", false),
        (new InvalidSpecException("Optimizer.Nesterov", true, "rule."), "Optimizer.Nesterov is True: rule.", false),
        (new InvalidOptionsException("RetryFor", TimeSpan.FromSeconds(1.5), "rule."), "RetryFor is 00:00:01.5000000: rule.", false),
        (new SpecMismatchException("m", "Seed is 1, was 0"), "The spec of model 'm' differs from the existing one: Seed is 1, was 0", false),
        (new UnknownModelException("m"), "There is no model 'm'. Create it first.", false),
        (new UnknownParameterException("w", []), "There is no parameter 'w'. There are: none.", false),
        (new UnknownParameterException("w", ["a", "b", "c", "d", "e", "f", "g", "h"]), "There is no parameter 'w'. There are: a, b, c, d, e, f, g, h.", false),
        (new UnknownParameterException("w", ["a", "b", "c", "d", "e", "f", "g", "h", "i"]), "There is no parameter 'w'. There are: a, b, c, d, e, f, g, h, ....", false),
        (new ShapeMismatchException("w", "[2, 3]", 6, 5), "Parameter 'w' has shape [2, 3], which is 6 floats; 5 were given.", false),
        (new UnknownTableException("t", []), "There is no table 't'. There are: none.", false),
        (new UnknownTableException("t", ["a", "b", "c", "d", "e", "f", "g", "h", "i"]), "There is no table 't'. There are: a, b, c, d, e, f, g, h, ....", false),
        (new RowShapeException("t", 1 << 20, 1 << 14, 5), "1048576 rows of table 't' of width 16384 are 17179869184 floats; 5 were given.", false),
        (new TooManyRowsException("t", 1L << 32, 7), "This would be 4294967296 rows of table 't'; MaxRowsPerStep is 7.", false),
        (new TableFullException("t", 3, 1L << 32, 7), "Shard 3 of table 't' may have 7 rows, and would come to more: 4294967296 are there or were given. Give the table more Shards, or a Capacity.", false),
        (new NonFiniteGradientException("w", 3, float.NaN), "The gradient of 'w' has NaN at element 3; only finite numbers are accepted.", false),
        (new WeightMismatchException("m", "'w' is missing"), "The values don't match the parameters of model 'm': 'w' is missing.", false),
        (new ResidualsException("m", 2, "they end too early."), "The saved residuals can't be loaded by rank 2 of model 'm': they end too early.", false),
        (new DataFormatException("a.idx", "it is short."), "a.idx: it is short.", false),
        (new StepRestartException(StepRestartReason.StepClosed, "again"), "again", false),
        (new FencedException("m", 2), "Rank 2 of model 'm' was taken over by a newer session; this one must stop.", false),
        (new WorkerStateException("a push is unresolved"), "a push is unresolved", false),
        (new ServerUnavailableException("away"), "away", true),
        (new SnapshotNotFoundException("m", null), "Model 'm' has no complete snapshot.", false),
        (new SnapshotNotFoundException("m", 7), "Model 'm' has no complete snapshot of cut 7.", false),
        (new SnapshotCorruptException("manifest-7.json", "it is empty."), "Snapshot manifest-7.json is damaged: it is empty.", false),
        (new SnapshotAbortedException("m", 7, "a worker was evicted"), "Cut 7 of model 'm' was aborted: a worker was evicted", true),
        (new SnapshotStorageException("data", "No space is left.", transient: true), "data: No space is left.", true),
        (new SnapshotStorageException("data", "No permission.", transient: false), "data: No permission.", false),
    ];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Errors.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_error_says_what_is_wrong_and_whether_it_may_pass(int index)
    {
        var (error, message, isTransient) = Errors[index];
        Assert.Equal(message, error.Message);
        Assert.Equal(isTransient, error.IsTransient);
    }

    [Fact]
    public void Every_error_is_in_this_table()
    {
        var all = typeof(ParameterServerException).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(ParameterServerException)));
        Assert.Empty(all.Except(Errors.Select(e => e.Error.GetType())));
    }

    [Fact]
    public void An_error_keeps_what_it_was_told()
    {
        var restart = new StepRestartException(StepRestartReason.ModelRestored, "back");
        Assert.Equal(StepRestartReason.ModelRestored, restart.Reason);
        var aborted = new SnapshotAbortedException("m", 7, "reason");
        Assert.Equal((7L, "reason"), (aborted.Cut, aborted.Reason));
        var shape = new ShapeMismatchException("w", "[2]", 2, 3);
        Assert.Equal(("w", 2, 3), (shape.Parameter, shape.Expected, shape.Actual));
        Assert.Equal("t", new UnknownTableException("t", []).Table);
        var rows = new RowShapeException("t", 2, 3, 5);
        Assert.Equal(("t", 2, 3, 5), (rows.Table, rows.Keys, rows.Width, rows.Actual));
        var many = new TooManyRowsException("t", 8, 7);
        Assert.Equal(("t", 8L, 7), (many.Table, many.Rows, many.Limit));
        var number = new NonFiniteGradientException("w", 3, float.PositiveInfinity);
        Assert.Equal(("w", 3, float.PositiveInfinity), (number.Parameter, number.Index, number.Value));
        var cause = new IOException("disk");
        Assert.Same(cause, new SnapshotStorageException("data", "problem", true, cause).InnerException);
        Assert.Same(cause, new ServerUnavailableException("away", cause).InnerException);
        Assert.Equal(2, new FencedException("m", 2).Rank);
        Assert.Equal(("m", "d"), (new SpecMismatchException("m", "d").Model, new SpecMismatchException("m", "d").Difference));
        Assert.Equal("m", new UnknownModelException("m").Model);
        Assert.Equal(("f", "p"), (new DataFormatException("f", "p").File, new DataFormatException("f", "p").Problem));
        Assert.Equal(("m", null as long?), (new SnapshotNotFoundException("m", null).Model, new SnapshotNotFoundException("m", null).Cut));
        Assert.Equal("data", new SnapshotStorageException("data", "problem", true).Location);
    }
}
