namespace FastEndpoints;

/// <summary>An endpoint that takes no request and sends whatever it likes.</summary>
public abstract class EndpointWithoutRequest : EndpointWithoutRequest<object?>;
