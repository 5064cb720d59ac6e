using System.Net.Sockets;

namespace OrleansPs.Silo.Tests;

public sealed class StartFailureTests
{
    [Fact]
    public void Of_nested_errors_the_innermost_one_is_told() => Assert.Equal(
        "The clustering 'Directory' can't be used: it is down (IOException); check Orleans:Clustering.",
        Sentence(new AggregateException(new InvalidOperationException("Start failed.", new IOException("it is down"))), StartPhase.Clustering));

    [Fact]
    public void Of_long_messages_the_beginning_is_told() => Assert.Equal(
        "The grain storage 'OrleansPs' (Directory) can't be used: No access (IOException); check Orleans:GrainStorage:OrleansPs.",
        Sentence(new IOException("No access. Call your vendor.\nStatus: 403\nHeaders: many"), StartPhase.Storage));

    [Fact]
    public void An_error_of_the_configuration_says_where_to_look() => Assert.Equal(
        "The silo can't start: settings must be name=value (FormatException); check Orleans:Clustering and Orleans:GrainStorage:OrleansPs.",
        Sentence(new FormatException("settings must be name=value."), StartPhase.Configuration));

    [Fact]
    public void Joining_names_the_cluster() => Assert.Equal(
        "The silo can't join the cluster 'orleansps': nobody answers (TimeoutException).",
        Sentence(new TimeoutException("nobody answers"), StartPhase.Joining));

    [Fact]
    public void A_port_that_was_taken_meanwhile_is_told() => Assert.Equal(
        "A port of the silo is in use; change Orleans:Endpoints:SiloPort, Orleans:Endpoints:GatewayPort or Urls.",
        Sentence(new IOException("bind", new SocketException((int)SocketError.AddressAlreadyInUse)), StartPhase.Clustering));

    [Fact]
    public void An_error_of_the_service_speaks_for_itself() => Assert.Equal(
        "DrainTimeout is 7: it must be less.",
        Sentence(new AggregateException(new InvalidOptionsException("DrainTimeout", 7, "it must be less.")), StartPhase.Configuration));

    [Fact]
    public void What_does_not_answer_in_time_is_named() => Assert.Equal(
        "The grain storage 'OrleansPs' (Directory) can't be used: no answer within 60 s (OrleansPs:StartTimeout); check Orleans:GrainStorage:OrleansPs.",
        StartFailure.TimeoutSentence(StartPhase.Storage, TimeSpan.FromMinutes(1), Settings.With()));

    private static string Sentence(Exception exception, StartPhase phase) => StartFailure.Sentence(exception, phase, Settings.With());
}
