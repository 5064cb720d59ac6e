using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans;
using Orleans.Runtime;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Protocol.Tests;

/// <summary>
/// What client and silos say to each other is what Golden/*.txt says. A wanted change is accepted by running these tests once with
/// ACCEPT_WIRE=1, and reviewed as the diff of those files: names and numbers that were given out are never given to something else.
/// </summary>
public sealed class WireGoldenTests
{
    [Fact]
    public void Interfaces_and_types_have_the_names_and_numbers_that_were_given_out() =>
        RequireGolden("contract.txt", string.Concat(Interfaces().Concat(Types())));

    [Fact]
    public void Messages_have_the_bytes_that_they_had() => RequireGolden("bytes.txt", string.Concat(Samples()
        .Select(s => $"{s.Name}: {Convert.ToHexStringLower(s.Bytes)}\n")));

    [Fact]
    public void Bytes_of_the_first_day_are_read_and_written_again_as_they_were()
    {
        var golden = File.ReadAllLines(PathOf("bytes.txt")).Select(line => line.Split(": ")).ToDictionary(l => l[0], l => l[1]);

        foreach (var sample in Samples().Where(s => golden.ContainsKey(s.Name)))
            Assert.Equal((sample.Name, golden[sample.Name]), (sample.Name, Convert.ToHexStringLower(sample.Again(Convert.FromHexString(golden[sample.Name])))));
    }

    [Fact]
    public void Every_type_has_a_sample() => Assert.Empty(
        SerializedTypes().Select(t => AliasOf(t)["orleansps.".Length..].Split('`')[0]).Except(Samples().Select(s => s.Name)));

    private static IEnumerable<Sample> Samples()
    {
        var header = new MessageHeader(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) { Policy = 11 };
        var policy = new TrainingPolicy(1, ConsistencyPolicy.StaleSynchronous(2), 3, 0.5);
        var certificate = new Certificate(5, [new(0, 1), new(3, 300)]);
        var snapshot = new SnapshotInfo("m", 1, 2, 3, DateTimeOffset.UnixEpoch, 4);
        var worker = new WorkerInfo(1, 2, WorkerStatus.Live, 3, 4, 5, true) { BlocksFor = TimeSpan.FromSeconds(6), RoundsMissed = 7 };
        var spec = new ModelSpec("m") { Parameters = [new("w", [2])], Optimizer = Optimizer.Sgd() };
        yield return Of("MessageHeader", header);
        yield return Of("BlockReply", new BlockReply(BlockStatus.NeedCertificates, 1, 2, 3));
        yield return Of("BlockReply of a full table", new BlockReply(BlockStatus.TableFull, 1, 2, 3));
        yield return Of("Certificate", certificate);
        yield return Of("TensorPayload", TensorPayloadTests.Payload((0, [1f]), (2, [2f, 3f])));
        yield return Of("TensorPayload with keys", TensorPayloadTests.Rows((0, [-1, 5], [1f, 2f, 3f, 4f])));
        yield return Of("TensorPayload with codes", EncodedPayloadTests.Payload());
        yield return Of("BlockRequest", new BlockRequest("m/0/n/127.0.0.1:1@2", BlockRequestKind.PushPull, header, certificate, TensorPayloadTests.Payload((0, [1f])), [0]));
        yield return Of("BlockAnswer", new BlockAnswer(new(BlockStatus.Ok, 1, 1, 1), TensorPayloadTests.Payload((0, [1f])), null));
        yield return Of("PullReply", new PullReply(new(BlockStatus.Ok, 1, 1, 1), TensorPayloadTests.Payload((0, [1f]))));
        yield return Of("PullReply with codes", new PullReply(new(BlockStatus.Ok, 1, 1, 1), EncodedPayloadTests.Payload()));
        yield return Of("JoinCommand", new JoinCommand(1, new Guid("00112233-4455-6677-8899-aabbccddeeff"), 2, 3));
        yield return Of("JoinReply", new JoinReply(CoordinatorStatus.Ok, 1, 2, 3, 4, 5, 6, 7, 8, 9, [certificate], [new(1, 2, 3)]) { MapVersion = 10, Policy = policy });
        yield return Of("ClockCommand", new ClockCommand(1, 2, 3, 4, 5));
        yield return Of("ClockReply", new ClockReply(CoordinatorStatus.Waiting, 1, 2, 3, 4, certificate) { MapVersion = 5, Policy = policy });
        yield return Of("PresenceCommand", new PresenceCommand(PresenceKind.Leave, 1, 2, 3));
        yield return Of("PresenceReply", new PresenceReply(CoordinatorStatus.Evicted, 4) { MapVersion = 3 });
        yield return Of("BlockMap", new BlockMap(1, 2, 3, [new("m/0/n/127.0.0.1:1@2", 4)]));
        yield return Of("ChunkRecord", new ChunkRecord(1, "g0-c1-b1-e0", 5, "ab"));
        yield return Of("DedupeImage", new DedupeImage(1, 2, 3, [4]));
        yield return Of("Fault", Fault.Of(new UnknownModelException("m")));
        yield return Of("SnapshotInfo", snapshot);
        yield return Of("BlockInfo", new BlockInfo(1, "127.0.0.1:1@2", 3, 4, 5, 6, "127.0.0.1:7@8"));
        yield return Of("BlockPlace", new BlockPlace("m/0/n/127.0.0.1:1@2", 4));
        yield return Of("CertificatesReply", new CertificatesReply(1, [certificate]));
        yield return Of("InheritedCursor", new InheritedCursor(1, 2, 3));
        yield return Of("ModelSpec", spec);
        yield return Of("ModelStatus", new ModelStatus(spec, 1, 2, 3, [worker], snapshot, "no space") { Policy = policy, NextPolicy = policy with { Number = 2 } });
        yield return Of("TrainingPolicy", policy);
        yield return Of("ConsistencyPolicy", policy.Consistency);
        yield return Of("PolicyChange", new PolicyChange { Consistency = policy.Consistency, BackupWorkers = 1, LrScale = 2 });
        yield return Of("Outcome", new Outcome<int>(7, null));
        yield return Of("RestoreOptions", new RestoreOptions { Cut = 1, Workers = 2 });
        yield return Of("ServiceIdentity", new ServiceIdentity("s1", "c1", 1));
        yield return Of("SiloInfo", new SiloInfo("127.0.0.1:1@2", "silo", true, 3, 4));
        yield return Of("WorkerInfo", worker);
    }

    private static Sample Of<T>(string name, T value) => new(name, WireRig.Write(value), bytes => WireRig.Write(WireRig.Read<T>(bytes)));

    private static IEnumerable<string> Interfaces() =>
        from type in typeof(IBlockGrain).Assembly.GetTypes().OrderBy(t => t.Name, StringComparer.Ordinal)
        where type.IsInterface && typeof(IAddressable).IsAssignableFrom(type)
        select $"interface {AliasOf(type)}\n" + string.Concat(
            from method in type.GetMethods()
            orderby method.Name
            select $"    {AliasOf(method)}({string.Join(", ", method.GetParameters().Select(p => NameOf(p.ParameterType)))}): {NameOf(method.ReturnType)}\n");

    private static IEnumerable<string> Types() =>
        from type in SerializedTypes()
        select $"type {AliasOf(type)}\n" + string.Concat(
            from member in type.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            where member.IsDefined(typeof(IdAttribute))
            let id = member.GetCustomAttribute<IdAttribute>()!.Id
            orderby id
            select $"    {id}: {NameOf(member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType)} {member.Name}\n");

    private static IEnumerable<Type> SerializedTypes() =>
        from type in typeof(IBlockGrain).Assembly.GetTypes().OrderBy(t => t.Name, StringComparer.Ordinal)
        where type.IsDefined(typeof(GenerateSerializerAttribute), false) && !type.IsDefined(typeof(CompilerGeneratedAttribute))
        select type;

    private static string AliasOf(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>()?.Alias ?? $"{member.Name} WITHOUT AN ALIAS";

    private static string NameOf(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : type.IsArray ? NameOf(type.GetElementType()!) + "[]" : type.Name;

    private static void RequireGolden(string name, string actual)
    {
        Assert.DoesNotContain("WITHOUT AN ALIAS", actual, StringComparison.Ordinal);
        var path = PathOf(name);
        if (Environment.GetEnvironmentVariable("ACCEPT_WIRE") == "1") File.WriteAllText(path, actual);
        Assert.Equal(File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "", actual);
    }

    private static string PathOf(string name, [CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "Golden", name);

    /// <summary>A message, its bytes, and how to read it and write it again.</summary>
    private sealed record Sample(string Name, byte[] Bytes, Func<byte[], byte[]> Again);
}
