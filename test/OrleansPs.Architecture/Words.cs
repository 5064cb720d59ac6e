using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace OrleansPs.Architecture;

/// <summary>One name per thing: the words that the public API does without, because another word already says it.</summary>
internal static class Words
{
    private static readonly (Regex Banned, string Instead)[] Synonyms =
    [
        (Word("learning ?rate(?! schedule)"), "lr"),
        (Word("check ?points?"), "snapshot"),
        (Word("(shards?|partitions?)"), "block"),
        (Word("(server|node|host) id"), "rank"),
        (Word("(iterations?|mini ?batch(es)?)"), "step"),
        (Word("(lag|slack|delay)"), "staleness"),
        (Word("(master|leader)"), "primary or coordinator"),
        (Word("(slave|follower|backup(?! workers?))"), "standby"),
        (Word("(barriers?|ticks?)"), "clock"),
    ];

    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // A table is cut by the hash of its keys, which everybody calls sharding; what comes of it is a block like any other.
    private static readonly (string Where, string Name)[] Allowed =
    [
        (typeof(EmbeddingTable).FullName!, nameof(EmbeddingTable.Shards)),
        (typeof(TableFullException).FullName!, nameof(TableFullException.Shard)), (typeof(TableFullException).FullName!, "shard"),
    ];

    public static IEnumerable<string> Check(IEnumerable<Type> types) => types.SelectMany(Names).Distinct().Except(Allowed)
        .SelectMany(name => Check(name.Where, name.Name));

    public static IEnumerable<string> Check(string where, string name) => Synonyms
        .Where(synonym => synonym.Banned.IsMatch(Split(name)))
        .Select(synonym => $"{where}: {name} is another word for {synonym.Instead}");

    private static IEnumerable<(string Where, string Name)> Names(Type type) =>
        type.GetMembers(Declared).Where(member => !member.IsDefined(typeof(CompilerGeneratedAttribute)) || member is PropertyInfo)
            .SelectMany(member => Parameters(member).Append(member.Name))
            .Append(type.Name)
            .Select(name => (type.FullName!, name));

    private static IEnumerable<string> Parameters(MemberInfo member) =>
        member is MethodBase method ? method.GetParameters().Select(parameter => parameter.Name ?? "") : [];

    // "LearningRateSchedule" and "learningRateSchedule" both become "learning rate schedule".
    private static string Split(string name) =>
        Regex.Replace(name, "(?<=[a-z0-9])(?=[A-Z])|_", " ").ToLowerInvariant();

    private static Regex Word(string pattern) => new($@"\b{pattern}\b");
}
