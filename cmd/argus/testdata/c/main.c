#include <unistd.h>

int x;

int main(void) {
	x = 1;
	pause();
	return 0;
}
