namespace OrleansPs.Protocol.Tests;

public sealed class ParameterServerClientOptionsTests
{
    [Fact]
    public void The_defaults_are_valid() => new ParameterServerClientOptions().Validate();

    [Theory]
    [InlineData(1)]
    [InlineData(3600)]
    public void A_second_to_an_hour_is_valid(int seconds) => new ParameterServerClientOptions
    {
        CallTimeout = TimeSpan.FromSeconds(seconds), ConnectTimeout = TimeSpan.FromSeconds(seconds),
    }.Validate();

    [Theory]
    [InlineData(0, "00:00:00")]
    [InlineData(-1, "-00:00:00.0010000")]
    [InlineData(999, "00:00:00.9990000")]
    [InlineData(3_600_001, "01:00:00.0010000")]
    public void A_time_outside_is_refused_by_the_name_of_its_option(int milliseconds, string shown)
    {
        var time = TimeSpan.FromMilliseconds(milliseconds);

        Check("CallTimeout", new() { CallTimeout = time });
        Check("ConnectTimeout", new() { ConnectTimeout = time });

        void Check(string option, ParameterServerClientOptions options)
        {
            var e = Assert.Throws<InvalidOptionsException>(options.Validate);
            Assert.Equal((option, time, $"{option} is {shown}: it must be 1 s to 1 h."), (e.Parameter, e.Value, e.Message));
        }
    }

    [Fact]
    public void What_a_worker_may_not_have_is_refused_too()
    {
        var options = new ParameterServerClientOptions { Worker = new() { MaxInFlight = 0 } };

        Assert.Equal("MaxInFlight", Assert.Throws<InvalidOptionsException>(options.Validate).Parameter);
    }
}
