using System.Reflection;

namespace OrleansPs.Architecture;

/// <summary>
/// The public API is what PublicApi/*.approved.txt says. A wanted change is accepted by running these tests once with
/// ACCEPT_API=1, and reviewed as the diff of those files.
/// </summary>
public sealed class PublicApiTests
{
    [Theory]
    [InlineData("OrleansPs.Abstractions")]
    [InlineData("OrleansPs.Client")]
    [InlineData("OrleansPs.Embedded")]
    [InlineData("OrleansPs.Hosting")]
    [InlineData("OrleansPs.Training")]
    public void The_public_API_is_the_approved_one(string name)
    {
        var actual = PublicApi.Render(Assembly.Load(name));
        var file = Path.Combine(Repository.Root, "test", "OrleansPs.Architecture", "PublicApi", name + ".approved.txt");
        if (Environment.GetEnvironmentVariable("ACCEPT_API") == "1")
        {
            File.WriteAllText(file, actual);
        }

        var approved = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "";

        Assert.True(approved == actual, $"""
            The public API of {name} is not the approved one:
            {string.Join("\n", Difference(approved, actual))}
            If the change is wanted, accept it and commit the file:
            ACCEPT_API=1 dotnet test test/OrleansPs.Architecture --filter PublicApiTests
            """);
    }

    [Fact]
    public void A_difference_names_what_went_and_what_came() =>
        Assert.Equal(
            ["- class B: int X { get; }", "+ class B: long X { get; }"],
            Difference("class A\n    long X { get; }\n\nclass B : A\n    int X { get; }\n", "class A\n    long X { get; }\n\nclass B : A\n    long X { get; }\n"));

    [Fact]
    public void Everything_a_caller_can_see_is_rendered() => Assert.Equal(
        """
        interface OrleansPs.Architecture.PublicApiTests.ISample<T> : IDisposable
            ValueTask<string?> FindAsync(IReadOnlyList<T> among, int? limit = default, CancellationToken cancellationToken = default)

        abstract record OrleansPs.Architecture.PublicApiTests.Sample : IEquatable<Sample>
            const int Most = 3
            protected abstract double Half(ref int value)
            protected new(string Name)
            required string? Note { get; init; }
            static Sample op_Addition(Sample left, Sample right)
            string Item[int at] { get; }
            string Name { get; init; }

        enum OrleansPs.Architecture.PublicApiTests.Shade : byte
            Light = 1
            Dark = 2

        """.ReplaceLineEndings("\n"),
        PublicApi.Render([typeof(Sample), typeof(ISample<>), typeof(Shade)]));

    private static IEnumerable<string> Difference(string approved, string actual) =>
        Lines(approved).Except(Lines(actual)).Select(line => "- " + line)
            .Concat(Lines(actual).Except(Lines(approved)).Select(line => "+ " + line));

    // Each member with its type before it, because several types may have the same line.
    private static IEnumerable<string> Lines(string api)
    {
        var type = "";
        foreach (var line in api.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            type = line[0] == ' ' ? type : line.Split(" : ")[0];
            yield return line[0] == ' ' ? $"{type}: {line.Trim()}" : line;
        }
    }

    internal interface ISample<in T> : IDisposable
    {
        ValueTask<string?> FindAsync(IReadOnlyList<T> among, int? limit = null, CancellationToken cancellationToken = default);
    }

    internal abstract record Sample(string Name)
    {
        public const int Most = 3;

        public required string? Note { get; init; }

        public string this[int at] => Name[at..];

        public static Sample operator +(Sample left, Sample right) => left ?? right;

        internal int Hidden() => Most;

        protected abstract double Half(ref int value);
    }

    internal enum Shade : byte
    {
        Light = 1,
        Dark = 2,
    }
}
