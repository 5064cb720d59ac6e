using FsCheck.Xunit;

namespace OrleansPs.Training.Tests.Data;

public sealed class LibsvmReaderTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Labels_indices_and_values_are_read_and_what_is_no_example_is_passed_over()
    {
        using var reader = new LibsvmReader(Write("+1 3:0.5\t7:-2e3 # a comment 9:9\r\n\n# only a comment\n-1\n 2.5  0:1 9223372036854775807:1"));
        Assert.True(reader.Read());
        Assert.Equal(1f, reader.Label);
        Assert.Equal([3, 7], reader.Keys.ToArray());
        Assert.Equal([0.5f, -2000f], reader.Values.ToArray());
        Assert.True(reader.Read());
        Assert.Equal((-1f, 0, 4), (reader.Label, reader.Keys.Length, reader.Line));
        Assert.True(reader.Read());
        Assert.Equal([0, long.MaxValue], reader.Keys.ToArray());
        Assert.Equal(2.5f, reader.Label);
        Assert.False(reader.Read());
    }

    [Theory]
    [InlineData("1 3:1\nx 3:1", "line 2, column 1: 'x' is there; the label, a finite number, was expected.")]
    [InlineData("nan 3:1", "line 1, column 1: 'nan' is there; the label")]
    [InlineData("1  3", "line 1, column 4: '3' has no colon; index:value was expected.")]
    [InlineData("1 -3:1", "line 1, column 3: '-3' is there; an index, a whole number >= 0, was expected.")]
    [InlineData("1 9223372036854775808:1", "column 3: '9223372036854775808' is there; an index")]
    [InlineData("1 3:1 3:1", "line 1, column 7: the index 3 follows 3; rising indices were expected.")]
    [InlineData("1 3:1 12:", "line 1, column 10: '' is there; a value, a finite number, was expected.")]
    [InlineData("1 3:inf", "column 5: 'inf' is there; a value")]
    public void A_bad_line_is_named_with_place_and_what_was_expected(string text, string message)
    {
        var path = Write(text);
        using var reader = new LibsvmReader(path);
        var error = Assert.Throws<DataFormatException>(() => { while (reader.Read()) { } });
        Assert.Equal(path, error.File);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2 3:1", "line 1, column 1: the label is 2; 1, or for the other class 0 or -1, was expected.")]
    [InlineData("# none", "it holds no example.")]
    public void Examples_of_two_classes_want_such_labels(string text, string problem) =>
        Assert.Equal(problem, Assert.Throws<DataFormatException>(() => SparseExamples.Load(Write(text))).Problem);

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Equal("it does not exist.", Assert.Throws<DataFormatException>(() => SparseExamples.Load(_directory.File("none"))).Problem);

    [Fact]
    public void A_line_may_be_longer_than_any_buffer_but_not_without_bound()
    {
        var features = string.Concat(Enumerable.Range(0, 100_000).Select(i => FormattableString.Invariant($" {i}:1")));
        var examples = SparseExamples.Load(Write($"0 1:1\n1{features}\n0 5:2\n"));
        Assert.Equal([1, 100_000, 1], Enumerable.Range(0, 3).Select(i => examples.Keys(i).Length));
        Assert.Contains("line 1 is longer than", Assert.Throws<DataFormatException>(
            () => SparseExamples.Load(Write(new string(' ', LineReader.MaxLength + 100_000)))).Problem, StringComparison.Ordinal);
    }

    [Property]
    public bool What_is_saved_is_read_again((bool Label, (uint Key, float Value)[] Features)[] some)
    {
        var examples = new SparseExamples();
        examples.Add(true, [0], [1f]);
        foreach (var (label, features) in some)
        {
            var kept = features.Where(f => float.IsFinite(f.Value)).DistinctBy(f => f.Key).OrderBy(f => f.Key).ToArray();
            examples.Add(label, [.. kept.Select(f => (long)f.Key)], [.. kept.Select(f => f.Value)]);
        }
        examples.Save(_directory.File("saved"));
        var again = SparseExamples.Load(_directory.File("saved"));
        return again.Count == examples.Count && Enumerable.Range(0, again.Count).All(i =>
            again.Label(i) == examples.Label(i) && again.Keys(i).SequenceEqual(examples.Keys(i)) && again.Values(i).SequenceEqual(examples.Values(i)));
    }

    [Fact]
    public void An_example_whose_keys_and_values_do_not_fit_is_refused()
    {
        var examples = new SparseExamples();
        Assert.Throws<ArgumentException>(() => examples.Add(true, [1, 2], [1f]));
        Assert.Throws<ArgumentException>(() => examples.Add(true, [-1], [1f]));
        Assert.Equal(0, examples.Count);
    }

    private string Write(string text)
    {
        var path = _directory.File("examples.txt");
        File.WriteAllText(path, text);
        return path;
    }
}
